// The layer for C++17: owners, errors both ways, std's locks, and each class once.
#include <samemap.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#define CHECK(condition) ((condition) ? (void)0 : failed(__LINE__, #condition))

using namespace std::chrono_literals;

static void failed(int line, const char *what) {
    std::fprintf(stderr, "layer.cpp:%d: %s; last error: %s\n", line, what, samemap_last_error_message());
    std::exit(1);
}

static std::string unique(const std::string &label) {
    static const auto started = std::chrono::system_clock::now().time_since_epoch().count();
    return "Local\\cpp-" + label + "-" + std::to_string(started);
}

static void errors() {
    std::error_code code;
    const samemap::region none = samemap::region::open(unique("none"), {}, code);
    CHECK(!none && code.value() == SAMEMAP_ERROR_NOT_FOUND && code.category() == samemap::category());
    CHECK(code.message() == "SAMEMAP_ERROR_NOT_FOUND");
    try {
        none.map();
        CHECK(!"it throws");
    } catch (const samemap::error &error) {
        CHECK(error.status() == SAMEMAP_ERROR_INVALID_ARGUMENT && std::strstr(error.what(), "NULL") != nullptr);
    }
    const auto region = samemap::region::anonymous(1, {}, code);
    CHECK(region && !code);
}

static void regions() {
    auto [region, created] = samemap::region::create_or_open(unique("region"), 4096);
    CHECK(created && region.length() >= 4096 && region.name() == unique("region"));
    const auto view = region.map(8, 64);
    auto moved = std::move(region);
    CHECK(!region && moved);
    const auto numbers = view.as<std::uint32_t>();
    CHECK(numbers.size() == 16 && view.as<std::uint64_t>(1).empty() && view.as<char>(64).empty());
    std::uint32_t next = 0;
    for (auto &number : numbers) number = next++;
    const auto same = samemap::region::open(unique("region"), SAMEMAP_READ_ONLY);
    CHECK(same.map(SAMEMAP_READ_ONLY).as<std::uint32_t>(8)[15] == 15);
}

static void locks() {
    auto mutex = samemap::mutex::create(unique("mutex"));
    {
        std::lock_guard<samemap::mutex> guard(mutex);
        std::thread([] {
            auto same = samemap::mutex::open(unique("mutex"));
            CHECK(!same.try_lock());
            std::unique_lock<samemap::mutex> lock(same, 1ms);
            CHECK(!lock);
            CHECK(!lock.try_lock_until(std::chrono::steady_clock::now() + 1ms));
        }).join();
    }
    std::thread([] { samemap::mutex::open(unique("mutex")).lock(); }).join();
    std::unique_lock<samemap::mutex> lock(mutex, 30s);
    CHECK(lock && mutex.abandoned());
    lock.unlock();
    lock.lock();
    CHECK(!mutex.abandoned());
    lock.unlock();
    std::error_code code;
    mutex.unlock(code);
    CHECK(code.value() == SAMEMAP_ERROR_NOT_OWNER);
}

static void objects() {
    const auto event = samemap::event::create(unique("event"), SAMEMAP_AUTO_RESET);
    const auto semaphore = samemap::semaphore::create(unique("semaphore"), 0, 3);
    const auto timer = samemap::timer::create(unique("timer"), SAMEMAP_MANUAL_RESET);
    auto mutex = samemap::mutex::create(unique("any"));
    CHECK(!event.wait(0s) && !event.wait(-1s) && event.name() == unique("event"));
    event.set();
    CHECK(event.wait());
    CHECK(semaphore.release_permits(2) == 0 && semaphore.wait(30s));
    timer.set(1ms);
    CHECK(timer.wait(std::chrono::hours::max()));
    timer.set(std::chrono::system_clock::now() + 1h, 1s);
    timer.cancel();
    const auto woken = samemap::wait_any({event.object(), timer.object(), semaphore.object()}, 30s);
    CHECK(woken && woken->index == 2 && !woken->abandoned);
    CHECK(!samemap::wait_any({event.object()}, 1ms));
    CHECK(samemap::wait_any({event.object(), mutex.object()})->index == 1);
    CHECK(samemap::wait_all({timer.object()}, 1ms) == std::nullopt);
    mutex.unlock();
    CHECK(samemap::wait_all({mutex.object(), samemap::semaphore::create(unique("all"), 1, 1).object()}) == false);
    mutex.unlock();
    const auto region = samemap::region::anonymous(4096);
    const auto view = region.map();
    auto inside = samemap::mutex::create_in(view, 0);
    std::lock_guard<samemap::mutex> guard(inside);
    samemap::event::create_in(view, 64, SAMEMAP_MANUAL_RESET, true).wait();
    CHECK(samemap::semaphore::create_in(view, 128, 1, 1).name().empty());
}

static void messages() {
    auto listener = samemap::listener::bind(unique("listener"));
    CHECK(!listener.accept(0s));
    std::thread client([] {
        auto channel = samemap::channel::connect(unique("listener"));
        auto slot = channel.reserve(100);
        std::memcpy(slot->data(), "in place", 8);
        slot->commit(8);
        char text[16];
        CHECK(channel.receive(text, sizeof text) == std::optional<std::size_t>(4));
    });
    auto channel = listener.accept(30s);
    CHECK(channel->other_end().process_id != 0 && !channel->other_end().user.empty());
    CHECK(channel->borrow()->text() == "in place");
    CHECK(!channel->borrow(0s));
    { auto given_up = channel->reserve(10); }
    auto [sender, receiver] = channel->split();
    CHECK(!*channel && sender.send("copy", 30s) && sender.max_message() > 4);
    client.join();
    std::error_code code;
    receiver.borrow(30s, code);
    CHECK(code.value() == SAMEMAP_ERROR_CLOSED);
}

static void newest() {
    struct sample { int a, b; } sample{1, 2};
    auto writer = samemap::latest_writer::create(unique("latest"), sizeof sample, 7);
    const auto reader = samemap::latest_reader::open(unique("latest"), 7, samemap::open_options().patient(1s));
    CHECK(!reader.read(&sample, sizeof sample));
    CHECK(writer.write(sample) == 1);
    sample = {};
    const auto found = reader.wait(&sample, sizeof sample, 0, 30s);
    CHECK(found && found->sequence == 1 && found->length == sizeof sample && sample.b == 2);
    CHECK(!reader.wait(&sample, sizeof sample, 1, 1ms));
}

static void topics() {
    auto publisher = samemap::publisher::create(unique("topic"));
    auto subscriber = samemap::subscriber::open(unique("topic"));
    auto viewer = samemap::viewer::open(unique("topic"), {}, samemap::open_options().patient(1s));
    CHECK(!subscriber.borrow(0s) && !subscriber.wait(1ms) && !viewer.wait(0s));
    auto slot = publisher.reserve(100);
    std::memcpy(slot->data(), "in place", 8);
    CHECK(slot->commit(8) == 1);
    { auto given_up = publisher.reserve(10); }
    CHECK(publisher.publish("copy") && publisher.laggards().empty());
    {
        auto message = subscriber.borrow(30s);
        CHECK(message->text() == "in place" && message->sequence() == 1);
        message->finish();
    }
    char text[16];
    CHECK(subscriber.receive(text, sizeof text)->length == 4);
    CHECK(viewer.receive(text, sizeof text, 30s)->length == 8 && viewer.receive(text, sizeof text)->sequence == 2);
    { const samemap::publisher ended = std::move(publisher); }
    std::error_code code;
    CHECK(!subscriber.borrow(30s, code) && code.value() == SAMEMAP_ERROR_CLOSED);
}

static void catalog() {
#ifdef _WIN32
    std::error_code code;
    samemap::list([](const samemap_entry_t &) { return true; }, false, code);
    CHECK(code.value() == SAMEMAP_ERROR_UNSUPPORTED);
#else
    const auto event = samemap::event::create(unique("listed"), SAMEMAP_AUTO_RESET);
    int found = 0;
    samemap::list([&](const samemap_entry_t &entry) {
        found += entry.name != nullptr && entry.name == unique("listed");
        return true;
    });
    CHECK(found == 1);
    try {
        samemap::list([](const samemap_entry_t &) -> bool { throw 5; });
        CHECK(!"it throws");
    } catch (int thrown) {
        CHECK(thrown == 5);
    }
#endif
}

int main() {
    errors();
    regions();
    locks();
    objects();
    messages();
    newest();
    topics();
    catalog();
    std::puts("layer: passed");
}
