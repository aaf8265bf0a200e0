/* The second part of samemap.hpp, which includes it: newest values, channels, handing over and the catalog. */

#ifndef SAMEMAP_MESSAGES_HPP
#define SAMEMAP_MESSAGES_HPP

#include "samemap.hpp"

namespace samemap {

/** The one writer of a newest value. */
class latest_writer : public handle<samemap_latest_writer_t, samemap_latest_writer_close> {
  public:
    using handle::handle;

    static latest_writer create(const std::string &name, std::size_t max_length, const latest_options &latest = {},
                                const create_options &options = {}, report on = {}) {
        return make<latest_writer>(on, samemap_latest_writer_create, name.c_str(), max_length, &latest, &options);
    }
    static latest_writer create_in(const view &place, std::size_t offset, std::size_t max_length,
                                   const latest_options &latest = {}, report on = {}) {
        return make<latest_writer>(on, samemap_latest_writer_create_in, place.get(), offset, max_length, &latest);
    }

    /** Writes a value, and tells its number. */
    std::uint64_t write(const void *data, std::size_t length, report on = {}) {
        std::uint64_t sequence = 0;
        on(samemap_latest_write(get(), data, length, &sequence));
        return sequence;
    }
    template <class T>
    std::uint64_t write(const T &value, report on = {}) {
        static_assert(std::is_trivially_copyable_v<T>, "other processes see plain bytes");
        return write(&value, sizeof value, on);
    }
};

/** A newest value as it was read. */
struct snapshot {
    std::uint64_t sequence;
    std::size_t length;
};

/** A reader of a newest value. */
class latest_reader : public handle<samemap_latest_reader_t, samemap_latest_reader_close> {
  public:
    using handle::handle;

    static latest_reader open(const std::string &name, const latest_options &latest = {},
                              const open_options &options = {}, report on = {}) {
        return make<latest_reader>(on, samemap_latest_reader_open, name.c_str(), &latest, &options);
    }
    static latest_reader open_in(const view &place, std::size_t offset, const latest_options &latest = {},
                                 report on = {}) {
        return make<latest_reader>(on, samemap_latest_reader_open_in, place.get(), offset, &latest);
    }

    /** Copies the newest value, if its number is larger. */
    std::optional<snapshot> read(void *buffer, std::size_t size, std::uint64_t newer_than = 0, report on = {}) const {
        snapshot found{};
        return found_in(found, on(samemap_latest_read(get(), newer_than, buffer, size, &found.length, &found.sequence)));
    }
    /** Waits for one whose number is larger; nothing when time ran out, or when the writer has gone. */
    std::optional<snapshot> wait(void *buffer, std::size_t size, std::uint64_t newer_than, timeout time = {},
                                 report on = {}) const {
        snapshot found{};
        return found_in(found, on(samemap_latest_wait(get(), newer_than, time.nanoseconds(), buffer, size, &found.length,
                                                      &found.sequence)));
    }

  private:
    static std::optional<snapshot> found_in(const snapshot &found, samemap_status_t answer) {
        return answer == SAMEMAP_OK ? std::optional<snapshot>(found) : std::nullopt;
    }
};

class channel;

/** The process at the other end of a channel, as the system told it. */
struct peer {
    /** 0 where the system has no number for it here. */
    std::uint32_t process_id;
    /** A user's number on POSIX, a SID on Windows; empty where the system has none here. */
    std::string user;
};

/** A message in place. It is given back when this goes, before its channel does. */
class message {
  public:
    message(message &&other) noexcept : channel_(std::exchange(other.channel_, nullptr)), bytes_(other.bytes_) {}
    message &operator=(message &&) = delete;
    ~message() {
        if (channel_ != nullptr) samemap_channel_release(channel_);
    }

    const std::byte *data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }
    std::string_view text() const noexcept { return {reinterpret_cast<const char *>(data()), size()}; }

  private:
    friend class channel;
    message(const samemap_channel_t *channel, span<const std::byte> bytes) noexcept
        : channel_(channel), bytes_(bytes) {}

    const samemap_channel_t *channel_;
    span<const std::byte> bytes_;
};

/** Room for a message. It is given up when this goes, unless it was committed. */
class slot {
  public:
    slot(slot &&other) noexcept : channel_(std::exchange(other.channel_, nullptr)), bytes_(other.bytes_) {}
    slot &operator=(slot &&) = delete;
    ~slot() {
        if (channel_ != nullptr) samemap_channel_cancel(channel_);
    }

    std::byte *data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }

    /** Sends the first bytes of it, once. */
    void commit(std::size_t length, report on = {}) {
        if (on(samemap_channel_commit(channel_, length)) == SAMEMAP_OK) channel_ = nullptr;
    }

  private:
    friend class channel;
    slot(const samemap_channel_t *channel, span<std::byte> bytes) noexcept : channel_(channel), bytes_(bytes) {}

    const samemap_channel_t *channel_;
    span<std::byte> bytes_;
};

/** An end of a channel, or a half of one. */
class channel : public handle<samemap_channel_t, samemap_channel_close> {
  public:
    using handle::handle;

    static channel create(const std::string &name, const channel_options &channel_options = {},
                          const create_options &options = {}, report on = {}) {
        return make<channel>(on, samemap_channel_create, name.c_str(), &channel_options, &options);
    }
    static channel create_in(const region &place, const channel_options &channel_options = {}, report on = {}) {
        return make<channel>(on, samemap_channel_create_in, place.get(), &channel_options);
    }
    /** With a second of patience. */
    static channel connect(const std::string &name, const channel_options &channel_options = {}, report on = {}) {
        const samemap_open_options_t *none = nullptr;
        return make<channel>(on, samemap_channel_connect, name.c_str(), &channel_options, none);
    }
    static channel connect(const std::string &name, const channel_options &channel_options,
                           const open_options &options, report on = {}) {
        return make<channel>(on, samemap_channel_connect, name.c_str(), &channel_options, &options);
    }
    static channel connect_in(const region &place, const channel_options &channel_options = {}, report on = {}) {
        return make<channel>(on, samemap_channel_connect_in, place.get(), &channel_options);
    }

    bool wait_for_peer(timeout time = {}, report on = {}) {
        return on(samemap_channel_wait_for_peer(get(), time.nanoseconds())) == SAMEMAP_OK;
    }
    bool wait_for_next_peer(timeout time = {}, report on = {}) {
        return on(samemap_channel_wait_for_next_peer(get(), time.nanoseconds())) == SAMEMAP_OK;
    }
    /** Sends a copy; false when time ran out. */
    bool send(const void *data, std::size_t length, timeout time = {}, report on = {}) {
        return on(samemap_channel_send(get(), data, length, time.nanoseconds())) == SAMEMAP_OK;
    }
    bool send(std::string_view text, timeout time = {}, report on = {}) {
        return send(text.data(), text.size(), time, on);
    }
    /** Copies the next message, and tells its length. */
    std::optional<std::size_t> receive(void *buffer, std::size_t size, timeout time = {}, report on = {}) {
        std::size_t length = 0;
        if (on(samemap_channel_receive(get(), buffer, size, &length, time.nanoseconds())) != SAMEMAP_OK)
            return std::nullopt;
        return length;
    }
    /** The next message in place. */
    std::optional<message> borrow(timeout time = {}, report on = {}) {
        const void *data = nullptr;
        std::size_t length = 0;
        if (on(samemap_channel_borrow(get(), &data, &length, time.nanoseconds())) != SAMEMAP_OK) return std::nullopt;
        return message(get(), {static_cast<const std::byte *>(data), length});
    }
    /** Room for a message to fill in place. */
    std::optional<slot> reserve(std::size_t length, timeout time = {}, report on = {}) {
        void *data = nullptr;
        if (on(samemap_channel_reserve(get(), length, time.nanoseconds(), &data)) != SAMEMAP_OK) return std::nullopt;
        return slot(get(), {static_cast<std::byte *>(data), length});
    }
    std::size_t max_message(report on = {}) const {
        std::size_t length = 0;
        on(samemap_channel_max_message(get(), &length));
        return length;
    }
    /** Known where a listener accepted the channel. */
    peer other_end(report on = {}) const {
        std::uint32_t process_id = 0;
        const char *user = nullptr;
        on(samemap_channel_peer(get(), &process_id, &user));
        return {process_id, user == nullptr ? std::string() : user};
    }
    /** A half that sends and one that receives, for a thread each; this one is empty then. */
    std::pair<channel, channel> split(report on = {}) {
        samemap_channel_t *sender = nullptr, *receiver = nullptr;
        if (on(samemap_channel_split(get(), &sender, &receiver)) == SAMEMAP_OK) release();
        return {channel(sender), channel(receiver)};
    }
};

/** Takes any number of peers. */
class listener : public handle<samemap_listener_t, samemap_listener_close> {
  public:
    using handle::handle;

    static listener bind(const std::string &name, const channel_options &channel_options = {},
                         const create_options &options = {}, report on = {}) {
        return make<listener>(on, samemap_listener_bind, name.c_str(), &channel_options, &options);
    }
    /** The channel to the next peer. */
    std::optional<channel> accept(timeout time = {}, report on = {}) {
        samemap_channel_t *accepted = nullptr;
        if (on(samemap_listener_accept(get(), time.nanoseconds(), &accepted)) != SAMEMAP_OK) return std::nullopt;
        return channel(accepted);
    }
};

/** A program to start, and then the child. */
class command : public handle<samemap_command_t, samemap_command_close> {
  public:
    using handle::handle;

    static command create(const std::string &program, report on = {}) {
        return make<command>(on, samemap_command_new, program.c_str());
    }
    void argument(const std::string &argument, report on = {}) {
        on(samemap_command_argument(get(), argument.c_str()));
    }
    void offer(const region &offered, const std::string &key, samemap_access_t access = SAMEMAP_READ_WRITE,
               report on = {}) {
        on(samemap_command_offer(get(), offered.get(), key.c_str(), access));
    }
    std::uint32_t start(report on = {}) {
        std::uint32_t id = 0;
        on(samemap_command_start(get(), &id));
        return id;
    }
    int wait(report on = {}) {
        std::int32_t code = -1;
        on(samemap_command_wait(get(), &code));
        return code;
    }
    void kill(report on = {}) { on(samemap_command_kill(get())); }
};

/** Sends regions over a connection, and receives them; made by the functions of samemap.h. */
class courier : public handle<samemap_courier_t, samemap_courier_close> {
  public:
    using handle::handle;

    void send(const region &sent, samemap_access_t access = SAMEMAP_READ_WRITE, report on = {}) {
        on(samemap_courier_send(get(), sent.get(), access));
    }
    region receive(const open_options &options = {}, report on = {}) {
        samemap_region_t *received = nullptr;
        on(samemap_courier_receive(get(), &options, &received));
        return region(received);
    }
};

/** Calls a function with each entry of the catalog; `false` ends the list. It may throw. */
inline void list(const std::function<bool(const samemap_entry_t &)> &look, bool counted = false,
                 report on = {}) {
    struct call {
        const std::function<bool(const samemap_entry_t &)> &look;
        std::exception_ptr thrown;
    } call{look, nullptr};
    const auto callback = [](const samemap_entry_t *entry, void *context) -> int {
        auto &call = *static_cast<struct call *>(context);
        try {
            return call.look(*entry) ? 0 : 1;
        } catch (...) {
            call.thrown = std::current_exception();
            return 1;
        }
    };
    on(samemap_catalog_list(counted, callback, &call));
    if (call.thrown) std::rethrow_exception(call.thrown);
}

} // namespace samemap

#endif
