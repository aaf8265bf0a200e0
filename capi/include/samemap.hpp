/* samemap for C++17: owners for the handles of samemap.h, and the calls as members. Header only.
 *
 * Errors: every call takes, as its last argument, where they go. Left out, an error is thrown as samemap::error; with a
 * std::error_code it is put there, in samemap::category(), and the call answers an empty value. That time ran out is no
 * error: the answer is false, or an empty std::optional.
 *
 * Times are std::chrono's; a timeout that is left out never comes. Owners can be moved and not copied; an empty one, such
 * as one that was moved from, answers SAMEMAP_ERROR_INVALID_ARGUMENT. What samemap.h says of threads holds here, too. */

#ifndef SAMEMAP_HPP
#define SAMEMAP_HPP

#include "samemap.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace samemap {

/** The category of samemap's codes: the values of samemap_status_t. */
inline const std::error_category &category() noexcept {
    class names final : public std::error_category {
        const char *name() const noexcept override { return "samemap"; }
        std::string message(int code) const override { return samemap_error_name(code); }
    };
    static const names instance;
    return instance;
}

/** An error: its code, and what samemap_last_error_message() said. */
class error : public std::system_error {
  public:
    explicit error(samemap_status_t status)
        : std::system_error(status, category()), message_(samemap_last_error_message()) {}

    const char *what() const noexcept override { return message_.c_str(); }
    samemap_status_t status() const noexcept { return static_cast<samemap_status_t>(code().value()); }

  private:
    std::string message_;
};

/** Where a call's error goes: it is thrown, or put into a std::error_code. */
class report {
  public:
    report() noexcept = default;
    report(std::error_code &code) noexcept : code_(&code) { code.clear(); }

    /** Reports an error, and passes every other answer on. */
    samemap_status_t operator()(samemap_status_t status) const {
        return SAMEMAP_IS_ERROR(status) ? failed(status) : status;
    }

    /** Reports every answer but SAMEMAP_OK as an error. */
    void all(samemap_status_t status) const {
        if (status != SAMEMAP_OK) failed(status);
    }

  private:
    samemap_status_t failed(samemap_status_t status) const {
        if (code_ == nullptr) throw error(status);
        code_->assign(status, category());
        return status;
    }

    std::error_code *code_ = nullptr;
};

/** How long a call waits. */
class timeout {
  public:
    /** Without end. */
    constexpr timeout() noexcept = default;

    /** For so long; not at all when it is negative. */
    template <class Rep, class Period>
    constexpr timeout(std::chrono::duration<Rep, Period> time) : nanoseconds_(nanoseconds_of(time)) {}

    constexpr std::uint64_t nanoseconds() const noexcept { return nanoseconds_; }

    /** The nanoseconds of a time, as the functions of C take them. */
    template <class Rep, class Period>
    static constexpr std::uint64_t nanoseconds_of(std::chrono::duration<Rep, Period> time) {
        using std::chrono::nanoseconds;
        if (time <= time.zero()) return 0;
        // In floating point, where it cannot overflow.
        if (std::chrono::duration<double>(time) >= std::chrono::duration<double>((nanoseconds::max)()))
            return SAMEMAP_FOREVER - 1;
        return static_cast<std::uint64_t>(std::chrono::ceil<nanoseconds>(time).count());
    }

  private:
    std::uint64_t nanoseconds_ = SAMEMAP_FOREVER;
};

/** Options, with everything that is not asked for as in samemap.h. */
struct create_options : samemap_create_options_t {
    create_options() noexcept : samemap_create_options_t SAMEMAP_CREATE_OPTIONS_INIT {}
};
struct open_options : samemap_open_options_t {
    open_options(samemap_access_t wanted = SAMEMAP_READ_WRITE) noexcept
        : samemap_open_options_t SAMEMAP_OPEN_OPTIONS_INIT {
        access = wanted;
    }

    /** Waits so long for an object that does not exist yet. */
    template <class Rep, class Period>
    open_options &&patient(std::chrono::duration<Rep, Period> time) && {
        patience = timeout::nanoseconds_of(time);
        return std::move(*this);
    }
};
struct file_options : samemap_file_options_t {
    file_options() noexcept : samemap_file_options_t SAMEMAP_FILE_OPTIONS_INIT {}
};
struct latest_options : samemap_latest_options_t {
    latest_options(std::uint32_t wanted = 0) noexcept : samemap_latest_options_t SAMEMAP_LATEST_OPTIONS_INIT {
        version = wanted;
    }
};
struct channel_options : samemap_channel_options_t {
    channel_options() noexcept : samemap_channel_options_t SAMEMAP_CHANNEL_OPTIONS_INIT {}
};

/** The owner of a handle of C. */
template <class T, void (*Close)(T *)>
class handle {
  public:
    handle() noexcept = default;
    explicit handle(T *owned) noexcept : owned_(owned) {}

    T *get() const noexcept { return owned_.get(); }
    T *release() noexcept { return owned_.release(); }
    explicit operator bool() const noexcept { return owned_ != nullptr; }

  protected:
    /** Makes an owner by a function whose last argument is the place for the handle. */
    template <class Self, class F, class... A>
    static Self make(report on, F function, A... arguments) {
        T *made = nullptr;
        on.all(function(arguments..., &made));
        return Self(made);
    }

    /** The same by one that also tells whether it created. */
    template <class Self, class F, class... A>
    static std::pair<Self, bool> make_or_open(report on, F function, A... arguments) {
        T *made = nullptr;
        bool created = false;
        on.all(function(arguments..., &made, &created));
        return {Self(made), created};
    }

  private:
    struct closing {
        void operator()(T *owned) const noexcept { Close(owned); }
    };
    std::unique_ptr<T, closing> owned_;
};

/** Values that lie side by side in a view, in a message or in a buffer: what std::span is in C++20. */
template <class T>
class span {
  public:
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const { return data_[index]; }

  private:
    T *data_;
    std::size_t size_;
};

/** A range of a region in memory. */
class view : public handle<samemap_view_t, samemap_view_close> {
  public:
    using handle::handle;

    std::byte *data() const noexcept { return static_cast<std::byte *>(samemap_view_data(get())); }
    std::size_t size() const noexcept { return samemap_view_length(get()); }

    /** As many values as fit, from an offset that is aligned for them; none where it is not, or lies outside. */
    template <class T>
    span<T> as(std::size_t offset = 0) const noexcept {
        static_assert(std::is_trivially_copyable_v<T>, "other processes see plain bytes");
        const auto start = reinterpret_cast<std::uintptr_t>(data()) + offset;
        if (offset >= size() || start % alignof(T) != 0) return {nullptr, 0};
        return {reinterpret_cast<T *>(data() + offset), (size() - offset) / sizeof(T)};
    }

    void flush(std::size_t offset, std::size_t length, report on = {}) const {
        on(samemap_view_flush(get(), offset, length));
    }
};

/** A region. */
class region : public handle<samemap_region_t, samemap_region_close> {
  public:
    using handle::handle;

    static region create(const std::string &name, std::uint64_t size, const create_options &options = {}, report on = {}) {
        return make<region>(on, samemap_region_create, name.c_str(), size, &options);
    }
    static std::pair<region, bool> create_or_open(const std::string &name, std::uint64_t size,
                                                  const create_options &options = {}, report on = {}) {
        return make_or_open<region>(on, samemap_region_create_or_open, name.c_str(), size, &options);
    }
    static region open(const std::string &name, const open_options &options = {}, report on = {}) {
        return make<region>(on, samemap_region_open, name.c_str(), &options);
    }
    static region anonymous(std::uint64_t size, const create_options &options = {}, report on = {}) {
        return make<region>(on, samemap_region_anonymous, size, &options);
    }
    static region over_file(const std::string &path, const file_options &file = {}, report on = {}) {
        return make<region>(on, samemap_region_over_file, path.c_str(), &file);
    }
    static region create_over_file(const std::string &name, const std::string &path, const file_options &file = {},
                                   const create_options &options = {}, report on = {}) {
        return make<region>(on, samemap_region_create_over_file, name.c_str(), path.c_str(), &file, &options);
    }
    static region adopt(const std::string &key, report on = {}) {
        return make<region>(on, samemap_region_adopt, key.c_str());
    }

    view map(samemap_access_t access = SAMEMAP_READ_WRITE, report on = {}) const {
        return map(0, SAMEMAP_TO_THE_END, access, nullptr, on);
    }
    view map(std::uint64_t offset, std::uint64_t length, samemap_access_t access = SAMEMAP_READ_WRITE,
             void *base = nullptr, report on = {}) const {
        samemap_view_t *mapped = nullptr;
        on(samemap_region_map_at(get(), offset, length, access, base, &mapped));
        return view(mapped);
    }
    std::uint64_t length(report on = {}) const {
        std::uint64_t length = 0;
        on(samemap_region_length(get(), &length));
        return length;
    }
    /** Empty for a region without a name. */
    std::string_view name() const noexcept {
        const char *name = samemap_region_name(get());
        return name == nullptr ? std::string_view() : name;
    }
    void hold_again(report on = {}) const { on(samemap_region_hold_again(get())); }
};

/** What all objects to wait for have. */
template <class T, void (*Close)(T *)>
class waitable : public handle<T, Close> {
  public:
    using handle<T, Close>::handle;

    /** Waits for it, and takes its signal; false when time ran out. */
    bool wait(timeout time = {}, report on = {}) const {
        return on(samemap_wait(object(), time.nanoseconds())) == SAMEMAP_OK;
    }
    /** Empty for an object inside a region. */
    std::string_view name() const noexcept {
        const char *name = samemap_waitable_name(object());
        return name == nullptr ? std::string_view() : name;
    }
    const samemap_waitable_t *object() const noexcept { return SAMEMAP_WAITABLE(this->get()); }
};

/** A mutex, for std::lock_guard and std::unique_lock. */
class mutex : public handle<samemap_mutex_t, samemap_mutex_close> {
  public:
    using handle::handle;

    static mutex create(const std::string &name, const create_options &options = {}, report on = {}) {
        return make<mutex>(on, samemap_mutex_create, name.c_str(), &options);
    }
    static std::pair<mutex, bool> create_or_open(const std::string &name, const create_options &options = {},
                                                 report on = {}) {
        return make_or_open<mutex>(on, samemap_mutex_create_or_open, name.c_str(), &options);
    }
    static mutex open(const std::string &name, const open_options &options = {}, report on = {}) {
        return make<mutex>(on, samemap_mutex_open, name.c_str(), &options);
    }
    static mutex create_in(const view &place, std::size_t offset, report on = {}) {
        return make<mutex>(on, samemap_mutex_create_in, place.get(), offset);
    }
    static mutex open_in(const view &place, std::size_t offset, report on = {}) {
        return make<mutex>(on, samemap_mutex_open_in, place.get(), offset);
    }

    void lock(report on = {}) { lock_within(timeout(), on); }
    bool try_lock(report on = {}) { return lock_within(std::chrono::seconds(0), on); }
    template <class Rep, class Period>
    bool try_lock_for(std::chrono::duration<Rep, Period> time, report on = {}) {
        return lock_within(time, on);
    }
    template <class Clock, class Duration>
    bool try_lock_until(std::chrono::time_point<Clock, Duration> time, report on = {}) {
        return lock_within(time - Clock::now(), on);
    }
    void unlock(report on = {}) { on(samemap_mutex_unlock(get())); }

    /** For the owner: whether the one before died without giving it up, so that what it protects may be half-changed. */
    bool abandoned() const noexcept { return abandoned_; }

    const samemap_waitable_t *object() const noexcept { return SAMEMAP_WAITABLE(get()); }

  private:
    bool lock_within(timeout time, report on) {
        const samemap_status_t answer = on(samemap_mutex_lock(get(), time.nanoseconds()));
        if (answer != SAMEMAP_OK && answer != SAMEMAP_ABANDONED) return false;
        // The owner alone writes and reads it.
        abandoned_ = answer == SAMEMAP_ABANDONED;
        return true;
    }

    bool abandoned_ = false;
};

/** An event. */
class event : public waitable<samemap_event_t, samemap_event_close> {
  public:
    using waitable::waitable;

    static event create(const std::string &name, samemap_reset_t reset, bool is_set = false,
                        const create_options &options = {}, report on = {}) {
        return make<event>(on, samemap_event_create, name.c_str(), reset, is_set, &options);
    }
    static std::pair<event, bool> create_or_open(const std::string &name, samemap_reset_t reset, bool is_set = false,
                                                 const create_options &options = {}, report on = {}) {
        return make_or_open<event>(on, samemap_event_create_or_open, name.c_str(), reset, is_set, &options);
    }
    static event open(const std::string &name, const open_options &options = {}, report on = {}) {
        return make<event>(on, samemap_event_open, name.c_str(), &options);
    }
    static event create_in(const view &place, std::size_t offset, samemap_reset_t reset, bool is_set = false,
                           report on = {}) {
        return make<event>(on, samemap_event_create_in, place.get(), offset, reset, is_set);
    }
    static event open_in(const view &place, std::size_t offset, report on = {}) {
        return make<event>(on, samemap_event_open_in, place.get(), offset);
    }

    void set(report on = {}) const { on(samemap_event_set(get())); }
    void reset(report on = {}) const { on(samemap_event_reset(get())); }
};

/** A semaphore; wait() takes a permit. */
class semaphore : public waitable<samemap_semaphore_t, samemap_semaphore_close> {
  public:
    using waitable::waitable;

    static semaphore create(const std::string &name, std::uint32_t initial, std::uint32_t maximum,
                            const create_options &options = {}, report on = {}) {
        return make<semaphore>(on, samemap_semaphore_create, name.c_str(), initial, maximum, &options);
    }
    static std::pair<semaphore, bool> create_or_open(const std::string &name, std::uint32_t initial,
                                                     std::uint32_t maximum, const create_options &options = {},
                                                     report on = {}) {
        return make_or_open<semaphore>(on, samemap_semaphore_create_or_open, name.c_str(), initial, maximum, &options);
    }
    static semaphore open(const std::string &name, const open_options &options = {}, report on = {}) {
        return make<semaphore>(on, samemap_semaphore_open, name.c_str(), &options);
    }
    static semaphore create_in(const view &place, std::size_t offset, std::uint32_t initial, std::uint32_t maximum,
                               report on = {}) {
        return make<semaphore>(on, samemap_semaphore_create_in, place.get(), offset, initial, maximum);
    }
    static semaphore open_in(const view &place, std::size_t offset, report on = {}) {
        return make<semaphore>(on, samemap_semaphore_open_in, place.get(), offset);
    }

    /** Gives permits back, and tells how many there were before. */
    std::uint32_t release_permits(std::uint32_t count = 1, report on = {}) const {
        std::uint32_t before = 0;
        on(samemap_semaphore_release(get(), count, &before));
        return before;
    }
};

/** A timer. */
class timer : public waitable<samemap_timer_t, samemap_timer_close> {
  public:
    using waitable::waitable;

    static timer create(const std::string &name, samemap_reset_t reset, const create_options &options = {},
                        report on = {}) {
        return make<timer>(on, samemap_timer_create, name.c_str(), reset, &options);
    }
    static timer open(const std::string &name, const open_options &options = {}, report on = {}) {
        return make<timer>(on, samemap_timer_open, name.c_str(), &options);
    }

    /** Sets it after a time, and again after each period, if there is one. */
    void set(std::chrono::nanoseconds after, std::chrono::nanoseconds period = {}, report on = {}) const {
        on(samemap_timer_set(get(), timeout::nanoseconds_of(after), timeout::nanoseconds_of(period)));
    }
    /** Sets it at a time of the system's clock. */
    void set(std::chrono::system_clock::time_point at, std::chrono::nanoseconds period = {}, report on = {}) const {
        on(samemap_timer_set_at(get(), timeout::nanoseconds_of(at.time_since_epoch()), timeout::nanoseconds_of(period)));
    }
    void cancel(report on = {}) const { on(samemap_timer_cancel(get())); }
};

/** Which of several objects was taken. */
struct woken {
    std::size_t index;
    /** A mutex whose owner died. */
    bool abandoned;
};

/** Waits for the first of several objects, such as those of `object()`; nothing when time ran out. */
inline std::optional<woken> wait_any(const std::vector<const samemap_waitable_t *> &objects, timeout time = {},
                                     report on = {}) {
    std::size_t index = 0;
    const samemap_status_t answer = on(samemap_wait_any(objects.data(), objects.size(), time.nanoseconds(), &index));
    if (answer != SAMEMAP_OK && answer != SAMEMAP_ABANDONED) return std::nullopt;
    return woken{index, answer == SAMEMAP_ABANDONED};
}

/** Waits for all of several objects at one moment; nothing, and none is taken, when time ran out. Otherwise whether a mutex
 * among them was abandoned. */
inline std::optional<bool> wait_all(const std::vector<const samemap_waitable_t *> &objects, timeout time = {},
                                    report on = {}) {
    const samemap_status_t answer = on(samemap_wait_all(objects.data(), objects.size(), time.nanoseconds()));
    if (answer != SAMEMAP_OK && answer != SAMEMAP_ABANDONED) return std::nullopt;
    return answer == SAMEMAP_ABANDONED;
}

} // namespace samemap

#include "samemap_messages.hpp"
#include "samemap_topics.hpp"

#endif
