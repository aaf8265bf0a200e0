// Boost.Interprocess, as samemap-bench measures it: arguments KEY WORK SIZE SLICE_US CPU1 CPU2 NAME, prints
// nanoseconds a turn, or says on stderr what is wrong. The bench compiles it when it is first wanted.
//
//   boost-shm      create, open      shared_memory_object and mapped_region; its length is set, not committed
//   boost-managed  create, open      managed_shared_memory, with one named object of a byte in it
//   boost-mutex    alone, contend    interprocess_mutex: here a pthread mutex shared by processes, not a robust one
//   boost-queue    pingpong, stream  message_queue: one each way, all messages of one priority, its fast case
//
// What was chosen: send() and receive(), which block, as in the documentation's examples; a queue of as many
// messages as fill QUEUE bytes, at least 4 and at most 256, which was about the best at every size (all its memory
// is gone through again and again, so more of it is not always better).
//
// The names of its objects begin with NAME. A second end opens them by name; they are removed as soon as it has.

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/managed_shared_memory.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ipc = boost::interprocess;
using Clock = std::chrono::steady_clock;

namespace {

struct Job {
    std::string key, work;
    std::size_t size;
    std::chrono::microseconds slice;
    std::string first, second, name;
};

double nanoseconds(Clock::duration time) {
    return std::chrono::duration<double, std::nano>(time).count();
}

// ---- Names ----------------------------------------------------------------------------------------------

// The ends of all names that are used here.
constexpr const char *OBJECTS[] = {"there", "back", "lock", "region"};

void remove_names(const Job &job) {
    for (const char *object : OBJECTS)
        ipc::shared_memory_object::remove((job.name + object).c_str());
}

// Removes them whatever happens.
struct Names {
    const Job &job;
    explicit Names(const Job &job) : job(job) { remove_names(job); }
    ~Names() { remove_names(job); }
};

// ---- Places ---------------------------------------------------------------------------------------------

// Pins this thread to a processor; "-" lets it run anywhere.
void pin(const std::string &cpu) {
    if (cpu == "-")
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(std::stoi(cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        throw std::runtime_error("sched_setaffinity: " + std::string(strerror(errno)));
}

// ---- Work of one process --------------------------------------------------------------------------------

template <class Turn> Clock::duration timed(std::uint64_t turns, Turn turn) {
    const auto start = Clock::now();
    for (std::uint64_t count = 0; count < turns; ++count)
        turn();
    return Clock::now() - start;
}

// Nanoseconds a turn: first finds out how many fill the time, which warms up, too.
template <class Turn> double alone(const Job &job, Turn turn) {
    std::uint64_t turns = 1;
    Clock::duration took = timed(turns, turn);
    while (took < job.slice / 2 && turns < 1 << 24) {
        turns *= 2;
        took = timed(turns, turn);
    }
    const double once = nanoseconds(took) / turns;
    turns = std::max<std::uint64_t>(1, nanoseconds(job.slice) / once);
    return nanoseconds(timed(turns, turn)) / turns;
}

void write_first(void *address) { *static_cast<volatile char *>(address) = 1; }

void read_first(const void *address) { (void)*static_cast<const volatile char *>(address); }

double plain_region(const Job &job) {
    const std::string name = job.name + "region";
    auto create = [&] {
        ipc::shared_memory_object object(ipc::create_only, name.c_str(), ipc::read_write);
        object.truncate(job.size);
        ipc::mapped_region view(object, ipc::read_write);
        write_first(view.get_address());
    };
    auto open = [&] {
        ipc::shared_memory_object object(ipc::open_only, name.c_str(), ipc::read_write);
        ipc::mapped_region view(object, ipc::read_write);
        read_first(view.get_address());
    };
    if (job.work == "create")
        return alone(job, [&] { create(), ipc::shared_memory_object::remove(name.c_str()); });
    create();
    return alone(job, open);
}

double managed_region(const Job &job) {
    const std::string name = job.name + "region";
    auto create = [&] {
        ipc::managed_shared_memory memory(ipc::create_only, name.c_str(), job.size);
        memory.construct<char>("first")(1);
    };
    auto open = [&] {
        ipc::managed_shared_memory memory(ipc::open_only, name.c_str());
        read_first(memory.find<char>("first").first);
    };
    if (job.work == "create")
        return alone(job, [&] { create(), ipc::shared_memory_object::remove(name.c_str()); });
    create();
    return alone(job, open);
}

// ---- Two ends -------------------------------------------------------------------------------------------

// How long either end waits for the other before it gives up.
constexpr std::chrono::seconds PATIENCE{20};
constexpr std::uint64_t STOP = UINT64_MAX;

enum class End { First, Second };

// What both ends share beside the thing that is measured, a cache line each.
struct Orders {
    alignas(64) std::atomic<std::uint64_t> made{0};
    alignas(64) std::atomic<std::uint64_t> ready{0};
    alignas(64) std::atomic<std::uint64_t> ordered{0};
    alignas(64) std::atomic<std::uint64_t> done{0};
    alignas(64) std::atomic<std::uint64_t> count{0};

    void order(std::uint64_t turns) {
        done = 0;
        ordered = turns;
    }

    std::uint64_t next_order() {
        wait_for(ordered, "no order comes");
        return ordered.exchange(0);
    }

    // Both ends may be on one processor, so it gives way at each look.
    static void wait_for(const std::atomic<std::uint64_t> &word, const char *what) {
        const auto start = Clock::now();
        while (word == 0) {
            if (Clock::now() - start > PATIENCE)
                throw std::runtime_error(what);
            sched_yield();
        }
    }
};

Orders &shared_orders() {
    void *start = mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        throw std::runtime_error("mmap: " + std::string(strerror(errno)));
    return *new (start) Orders;
}

[[noreturn]] void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    fflush(stderr);
    _exit(1);
}

// The second end's process: ends with the first one.
template <class Link, class Part>
[[noreturn]] void be_second(const Job &job, Orders &orders, pid_t first, Part part) {
    try {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != first)
            fail("the first end is gone");
        pin(job.second);
        Orders::wait_for(orders.made, "the first end makes nothing");
        Link link(job, End::Second);
        orders.ready = 1;
        part(orders, link);
        _exit(0);
    } catch (const std::exception &error) {
        fail(error.what());
    }
}

// Ends this process when the second end fails: nobody would answer any more.
void watch(const Job &job, pid_t second) {
    int status = 0;
    waitpid(second, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    remove_names(job);
    if (WIFSIGNALED(status))
        fail("the second end was killed");
    // It has said why.
    _exit(1);
}

// What `first` returns, with `second` in a process of its own.
template <class Link, class First, class Second> double two_ends(const Job &job, First first, Second second) {
    Orders &orders = shared_orders();
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0)
        throw std::runtime_error("fork: " + std::string(strerror(errno)));
    if (child == 0)
        be_second<Link>(job, orders, parent, second);
    std::thread watcher([&job, child] { watch(job, child); });
    try {
        pin(job.first);
        Link link(job, End::First);
        orders.made = 1;
        Orders::wait_for(orders.ready, "the second end does not get ready");
        remove_names(job);
        const double time = first(orders, link);
        orders.order(STOP);
        watcher.join();
        return time;
    } catch (const std::exception &error) {
        // Not out of here: the watcher still runs.
        remove_names(job);
        fail(error.what());
    }
}

// ---- Messages -------------------------------------------------------------------------------------------

constexpr std::size_t QUEUE = 512 << 10;

class Queue {
  public:
    Queue(const Job &job, End end)
        : there(make(job, end, "there")), back(make(job, end, "back")), outgoing(end == End::First ? there : back),
          incoming(end == End::First ? back : there), size(job.size) {}

    // The buffer has room for a byte more than nothing, as the queue has.
    void send(const std::vector<char> &message) { outgoing.send(message.data(), size, 0); }

    void receive(std::vector<char> &into) {
        ipc::message_queue::size_type received;
        unsigned priority;
        incoming.receive(into.data(), into.size(), received, priority);
        if (received != size)
            throw std::runtime_error("a message of another size came");
    }

    static std::size_t room(std::size_t size) { return std::max<std::size_t>(1, size); }

  private:
    static ipc::message_queue make(const Job &job, End end, const char *object) {
        const std::string name = job.name + object;
        if (end == End::Second)
            return ipc::message_queue(ipc::open_only, name.c_str());
        const std::size_t messages = std::clamp<std::size_t>(QUEUE / room(job.size), 4, 256);
        return ipc::message_queue(ipc::create_only, name.c_str(), messages, room(job.size));
    }

    ipc::message_queue there, back;
    ipc::message_queue &outgoing, &incoming;
    std::size_t size;
};

// Each message says which it is.
void stamp(std::vector<char> &message, std::uint64_t turn) {
    if (message.size() >= sizeof turn)
        memcpy(message.data(), &turn, sizeof turn);
}

// The last message of `turns` has come, whole as far as one can see.
void check(const std::vector<char> &message, std::uint64_t turns) {
    std::uint64_t turn = turns - 1;
    if (message.size() >= sizeof turn)
        memcpy(&turn, message.data(), sizeof turn);
    if (turn != turns - 1)
        throw std::runtime_error("not the message that was sent last");
    if (message.size() > 16 && message.back() != 7)
        throw std::runtime_error("the message's end did not come");
}

// Nanoseconds a turn.
double timed_messages(bool answers, Orders &orders, Queue &queue, std::size_t size, std::uint64_t turns) {
    std::vector<char> message(Queue::room(size), 7), answer(message.size());
    orders.order(turns);
    const auto start = Clock::now();
    for (std::uint64_t turn = 0; turn < turns; ++turn) {
        stamp(message, turn);
        queue.send(message);
        if (answers)
            queue.receive(answer);
    }
    Orders::wait_for(orders.done, "the order is not carried out");
    const auto took = Clock::now() - start;
    if (answers)
        check(answer, turns);
    return nanoseconds(took) / turns;
}

// Nanoseconds for one message one way.
double carry(const Job &job) {
    const bool answers = job.work == "pingpong";
    auto first = [&](Orders &orders, Queue &queue) {
        std::uint64_t turns = std::clamp<std::uint64_t>(job.slice.count(), 4, 64);
        // Twice to see how many turns fill the time and to warm up, and once to measure.
        for (int part : {16, 4, 1}) {
            const double once = timed_messages(answers, orders, queue, job.size, turns);
            turns = std::clamp(nanoseconds(job.slice / part) / once, 4.0, 1e9);
        }
        const double once = timed_messages(answers, orders, queue, job.size, turns);
        return answers ? once / 2 : once;
    };
    auto second = [&](Orders &orders, Queue &queue) {
        std::vector<char> message(Queue::room(job.size));
        for (std::uint64_t turns; (turns = orders.next_order()) != STOP;) {
            for (std::uint64_t turn = 0; turn < turns; ++turn) {
                queue.receive(message);
                if (answers)
                    queue.send(message);
            }
            check(message, turns);
            orders.done = 1;
        }
    };
    return two_ends<Queue>(job, first, second);
}

// ---- Locks ----------------------------------------------------------------------------------------------

class Mutex {
  public:
    Mutex(const Job &job, End end) : region(map(job, end)), mutex(at(region, end)) {}

    void work() { ipc::scoped_lock<ipc::interprocess_mutex> guard(mutex); }

  private:
    static ipc::mapped_region map(const Job &job, End end) {
        const std::string name = job.name + "lock";
        if (end == End::Second) {
            ipc::shared_memory_object object(ipc::open_only, name.c_str(), ipc::read_write);
            return ipc::mapped_region(object, ipc::read_write);
        }
        ipc::shared_memory_object object(ipc::create_only, name.c_str(), ipc::read_write);
        object.truncate(4096);
        return ipc::mapped_region(object, ipc::read_write);
    }

    static ipc::interprocess_mutex &at(const ipc::mapped_region &region, End end) {
        void *start = region.get_address();
        if (end == End::First)
            new (start) ipc::interprocess_mutex;
        return *static_cast<ipc::interprocess_mutex *>(start);
    }

    ipc::mapped_region region;
    ipc::interprocess_mutex &mutex;
};

// Locks between two looks at the clock.
constexpr std::uint64_t BATCH = 64;

// Nanoseconds a lock, of all locks that both get in a while.
double contend(const Job &job) {
    auto batch = [](Mutex &mutex) {
        for (std::uint64_t count = 0; count < BATCH; ++count)
            mutex.work();
    };
    auto first = [&](Orders &orders, Mutex &mutex) {
        const std::uint64_t before = orders.count;
        std::uint64_t locks = 0;
        const auto start = Clock::now();
        for (; Clock::now() - start < job.slice; locks += BATCH)
            batch(mutex);
        const auto took = Clock::now() - start;
        return nanoseconds(took) / (locks + (orders.count - before));
    };
    auto second = [&](Orders &orders, Mutex &mutex) {
        for (; orders.ordered.load(std::memory_order_relaxed) != STOP; orders.count += BATCH)
            batch(mutex);
    };
    return two_ends<Mutex>(job, first, second);
}

double lock_alone(const Job &job) {
    Mutex mutex(job, End::First);
    return alone(job, [&] { mutex.work(); });
}

double measure(const Job &job) {
    Names names(job);
    const bool is_region = job.work == "create" || job.work == "open";
    if (job.key == "boost-shm" && is_region)
        return plain_region(job);
    if (job.key == "boost-managed" && is_region)
        return managed_region(job);
    if (job.key == "boost-mutex" && job.work == "alone")
        return lock_alone(job);
    if (job.key == "boost-mutex" && job.work == "contend")
        return contend(job);
    if (job.key == "boost-queue" && (job.work == "pingpong" || job.work == "stream"))
        return carry(job);
    throw std::runtime_error("not what is measured here: " + job.key + " " + job.work);
}

} // namespace

int main(int count, char **words) {
    if (count != 8) {
        fprintf(stderr, "usage: %s KEY WORK SIZE SLICE_US CPU1 CPU2 NAME\n", words[0]);
        return 2;
    }
    try {
        const Job job{words[1], words[2], std::stoul(words[3]), std::chrono::microseconds(std::stol(words[4])),
                      words[5], words[6], words[7]};
        printf("%f\n", measure(job));
        return 0;
    } catch (const std::exception &error) {
        fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
