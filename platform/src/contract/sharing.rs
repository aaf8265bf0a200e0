//! The common part of all options: the users that may open an object, and the owners whose objects are accepted.

/// The setters and getters of options with the fields `permissions` and `trust`. The docs of the setters are those of the
/// object, because the access that others get differs.
#[doc(hidden)]
#[macro_export]
macro_rules! permissions_and_trust {
    ($options:ident { $(#[$permissions:meta])* permissions, $(#[$trust:meta])* trust }) => {
        impl $options {
            $(#[$permissions])*
            pub const fn permissions(mut self, permissions: $crate::Permissions) -> Self {
                self.permissions = permissions;
                self
            }

            $(#[$trust])*
            pub fn trust(mut self, trust: $crate::Trust) -> Self {
                self.trust = trust;
                self
            }

            /// Which users beside the owner may open the object.
            #[must_use]
            pub const fn asked_permissions(&self) -> $crate::Permissions {
                self.permissions
            }

            /// The owners whose objects are accepted.
            #[must_use]
            pub const fn accepted(&self) -> &$crate::Trust {
                &self.trust
            }
        }
    };
}
