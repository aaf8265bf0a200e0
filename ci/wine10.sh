# shellcheck shell=bash
# Wine 10, for programs of 64 and of 32 bits, beside the Wine of this system: the packages of Debian 13, unpacked in a folder and entered by chroot. Nothing
# of this system changes. Sourced by ci/windows.sh.

# Of ci/lib.sh, which ci/windows.sh has sourced before.
: "${ci_root:?}" "${ci_logs:?}"

wine10=${SAMEMAP_WINE10_DIR:-$ci_root/target-wine10}
wine10_packages=(wine wine64 wine32:i386 libz-mingw-w64 busybox-static)

# The archive that this system's own packages come from.
debian_archive() {
    # shellcheck disable=SC2016 # for apt-get to fill in
    apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Origin: Debian" "Label: Debian" \
        "Component: main" | sed -n 1p
}

# apt-get with lists, state and packages of its own. The root's.
apt_get_13() {
    local apt=$wine10/apt
    as_root env DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -q -y -o "Dir::Etc=$apt/etc" \
        -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/state/status" -o "Dir::Cache=$apt/cache" \
        -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Architectures::=i386 -o APT::Sandbox::User=root "$@"
}

fetch_wine_10() {
    local apt=$wine10/apt archive package
    archive=$(debian_archive)
    [[ -n $archive ]] || return
    mkdir -p "$apt"/etc/{apt.conf.d,preferences.d} "$apt"/{state/lists,cache/archives}/partial
    : >"$apt/state/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive trixie main" >"$apt/etc/sources.list"
    apt_get_13 update && apt_get_13 install --no-install-recommends --download-only "${wine10_packages[@]}" || return
    rm -rf "$wine10/new"
    mkdir -p "$wine10/new"
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$wine10/new" || return
    done
}

# What the packages' own scripts would do, as far as Wine needs it.
furnish_wine_10() {
    local root=$wine10/new folder
    for folder in bin lib lib64; do [[ -e $root/$folder ]] || ln -s "usr/$folder" "$root/$folder"; done
    ln -sf busybox "$root/usr/bin/sh"
    mkdir -p "$root"/{proc,dev,tmp,root}
    # Where Wine looks for it before it has a prefix.
    cp "$root/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$root/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/"
    cp "$root/usr/i686-w64-mingw32/lib/zlib1.dll" "$root/usr/lib/i386-linux-gnu/wine/i386-windows/"
    rm -rf "$wine10/root"
    mv "$root" "$wine10/root"
    rm -rf "$wine10/apt"
}

# True when it is there, or could be made. It is kept for the next run.
have_wine_10() {
    [[ $(id -u) == 0 ]] && unshare -m true 2>/dev/null || return
    [[ -d $wine10/root/usr/lib/i386-linux-gnu ]] || { mkdir -p "$wine10" && fetch_wine_10 && furnish_wine_10; } >"$ci_logs/wine10.log" 2>&1
}

# wine_10 COMMAND…: a command in there, in the folder that this one is in. Only behind `enter_wine_10`.
wine_10() {
    # shellcheck disable=SC2016 # for the shell in there
    PATH=/usr/lib/wine:/usr/bin:/usr/sbin chroot "$wine10/root" /bin/sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
}

# Shows it this machine's devices, processes and files. For a process that has a mount name space of its own.
show_wine_10_this_machine() {
    local folder
    for folder in proc dev tmp; do mount --rbind "/$folder" "$wine10/root/$folder"; done
    for folder in "$ci_root" "$CARGO_TARGET_DIR"; do
        mkdir -p "$wine10/root$folder"
        mount --bind "$folder" "$wine10/root$folder"
    done
}
