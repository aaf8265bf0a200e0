/* The third part of samemap.hpp, which includes it: topics. */

#ifndef SAMEMAP_TOPICS_HPP
#define SAMEMAP_TOPICS_HPP

#include "samemap.hpp"

namespace samemap {

struct topic_options : samemap_topic_options_t {
    topic_options() noexcept : samemap_topic_options_t SAMEMAP_TOPIC_OPTIONS_INIT {}
};

/** Room for a topic's message. It is given up when this goes, unless it was committed. */
class topic_slot {
  public:
    topic_slot(topic_slot &&other) noexcept
        : publisher_(std::exchange(other.publisher_, nullptr)), bytes_(other.bytes_) {}
    topic_slot &operator=(topic_slot &&) = delete;
    ~topic_slot() {
        if (publisher_ != nullptr) samemap_publisher_cancel(publisher_);
    }

    std::byte *data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }

    /** Publishes the first bytes of it, once, and tells the message's number. */
    std::uint64_t commit(std::size_t length, report on = {}) {
        std::uint64_t sequence = 0;
        if (on(samemap_publisher_commit(publisher_, length, &sequence)) == SAMEMAP_OK) publisher_ = nullptr;
        return sequence;
    }

  private:
    friend class publisher;
    topic_slot(const samemap_publisher_t *publisher, span<std::byte> bytes) noexcept
        : publisher_(publisher), bytes_(bytes) {}

    const samemap_publisher_t *publisher_;
    span<std::byte> bytes_;
};

/** The one publisher of a topic. */
class publisher : public handle<samemap_publisher_t, samemap_publisher_close> {
  public:
    using handle::handle;

    static publisher create(const std::string &name, const topic_options &topic = {},
                            const create_options &options = {}, report on = {}) {
        return make<publisher>(on, samemap_publisher_create, name.c_str(), &topic, &options);
    }
    static publisher create_in(const view &data, const view &lobby, const topic_options &topic = {}, report on = {}) {
        return make<publisher>(on, samemap_publisher_create_in, data.get(), lobby.get(), &topic);
    }

    /** Publishes a copy; false when time ran out. */
    bool publish(const void *data, std::size_t length, timeout time = {}, report on = {}) {
        return on(samemap_publisher_publish(get(), data, length, time.nanoseconds())) == SAMEMAP_OK;
    }
    bool publish(std::string_view text, timeout time = {}, report on = {}) {
        return publish(text.data(), text.size(), time, on);
    }
    /** Room for a message to fill in place. */
    std::optional<topic_slot> reserve(std::size_t length, timeout time = {}, report on = {}) {
        void *data = nullptr;
        if (on(samemap_publisher_reserve(get(), length, time.nanoseconds(), &data)) != SAMEMAP_OK)
            return std::nullopt;
        return topic_slot(get(), {static_cast<std::byte *>(data), length});
    }
    std::size_t max_message(report on = {}) const {
        std::size_t length = 0;
        on(samemap_publisher_max_message(get(), &length));
        return length;
    }
    /** The subscribers that hold it back. */
    std::vector<samemap_laggard_t> laggards(report on = {}) {
        std::vector<samemap_laggard_t> found(64);
        std::size_t count = 0;
        while (on(samemap_publisher_laggards(get(), found.data(), found.size(), &count)) == SAMEMAP_OK &&
               count > found.size())
            found.resize(count);
        found.resize(count);
        return found;
    }
    /** Waits no more for one of those that laggards() told last; false when it does not hold it back any more. */
    bool throw_out(std::size_t index, report on = {}) {
        return on(samemap_publisher_throw_out(get(), index)) == SAMEMAP_OK;
    }
};

/** A topic's message in place. It is given back when this goes, before its subscriber does. */
class topic_message {
  public:
    topic_message(topic_message &&other) noexcept
        : subscriber_(std::exchange(other.subscriber_, nullptr)), bytes_(other.bytes_), sequence_(other.sequence_) {}
    topic_message &operator=(topic_message &&) = delete;
    ~topic_message() {
        if (subscriber_ != nullptr) samemap_subscriber_release(subscriber_);
    }

    const std::byte *data() const noexcept { return bytes_.data(); }
    std::size_t size() const noexcept { return bytes_.size(); }
    std::string_view text() const noexcept { return {reinterpret_cast<const char *>(data()), size()}; }
    std::uint64_t sequence() const noexcept { return sequence_; }

    /** Gives it back now; an error when another process had it overwritten meanwhile. */
    void finish(report on = {}) { on(samemap_subscriber_release(std::exchange(subscriber_, nullptr))); }

  private:
    friend class subscriber;
    topic_message(const samemap_subscriber_t *subscriber, span<const std::byte> bytes, std::uint64_t sequence) noexcept
        : subscriber_(subscriber), bytes_(bytes), sequence_(sequence) {}

    const samemap_subscriber_t *subscriber_;
    span<const std::byte> bytes_;
    std::uint64_t sequence_;
};

/** A message as it was copied: how many were missed before it is always 0 for a subscriber. */
struct published {
    std::uint64_t sequence, missed;
    std::size_t length;
};

/** A reader of a topic that gets every message. */
class subscriber : public handle<samemap_subscriber_t, samemap_subscriber_close> {
  public:
    using handle::handle;

    static subscriber open(const std::string &name, const topic_options &topic = {}, const open_options &options = {},
                           report on = {}) {
        return make<subscriber>(on, samemap_subscriber_open, name.c_str(), &topic, &options);
    }
    static subscriber open_in(const view &data, const view &lobby, const topic_options &topic = {}, report on = {}) {
        return make<subscriber>(on, samemap_subscriber_open_in, data.get(), lobby.get(), &topic);
    }

    /** Copies the next message. */
    std::optional<published> receive(void *buffer, std::size_t size, timeout time = {}, report on = {}) {
        published found{};
        if (on(samemap_subscriber_receive(get(), buffer, size, &found.length, &found.sequence, time.nanoseconds())) !=
            SAMEMAP_OK)
            return std::nullopt;
        return found;
    }
    /** The next message in place. */
    std::optional<topic_message> borrow(timeout time = {}, report on = {}) {
        const void *data = nullptr;
        std::size_t length = 0;
        std::uint64_t sequence = 0;
        if (on(samemap_subscriber_borrow(get(), &data, &length, &sequence, time.nanoseconds())) != SAMEMAP_OK)
            return std::nullopt;
        return topic_message(get(), {static_cast<const std::byte *>(data), length}, sequence);
    }
    /** Waits for a message, or for an end to be told of; false when time ran out. */
    bool wait(timeout time = {}, report on = {}) {
        return on(samemap_subscriber_wait(get(), time.nanoseconds())) == SAMEMAP_OK;
    }
    std::size_t max_message(report on = {}) const {
        std::size_t length = 0;
        on(samemap_subscriber_max_message(get(), &length));
        return length;
    }
};

/** A reader of a topic that may miss messages. */
class viewer : public handle<samemap_viewer_t, samemap_viewer_close> {
  public:
    using handle::handle;

    static viewer open(const std::string &name, const topic_options &topic = {}, const open_options &options = {},
                       report on = {}) {
        return make<viewer>(on, samemap_viewer_open, name.c_str(), &topic, &options);
    }
    /** The lobby may be an empty view. */
    static viewer open_in(const view &data, const view &lobby, const topic_options &topic = {}, report on = {}) {
        return make<viewer>(on, samemap_viewer_open_in, data.get(), lobby.get(), &topic);
    }

    /** Copies the next message that is kept. */
    std::optional<published> receive(void *buffer, std::size_t size, timeout time = {}, report on = {}) {
        published found{};
        if (on(samemap_viewer_receive(get(), buffer, size, &found.length, &found.sequence, &found.missed,
                                      time.nanoseconds())) != SAMEMAP_OK)
            return std::nullopt;
        return found;
    }
    /** Waits for a message, or for an end to be told of; false when time ran out. */
    bool wait(timeout time = {}, report on = {}) {
        return on(samemap_viewer_wait(get(), time.nanoseconds())) == SAMEMAP_OK;
    }
    std::size_t max_message(report on = {}) const {
        std::size_t length = 0;
        on(samemap_viewer_max_message(get(), &length));
        return length;
    }
};

} // namespace samemap

#endif
