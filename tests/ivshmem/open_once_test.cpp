// SPDX-License-Identifier: MIT
#include "open_once.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace mrda::ivshmem {
namespace {

struct Counts {
    std::atomic<int> open = 0;
    std::atomic<int> most = 0;
    std::atomic<int> opened = 0;
};

/// As vfio's: cannot be opened twice.
class Thing {
  public:
    explicit Thing(Counts& counts) : counts_(counts) {
        ++counts_.opened;
        counts_.most = std::max(counts_.most.load(), ++counts_.open);
    }
    ~Thing() {
        std::this_thread::yield();
        --counts_.open;
    }
    Thing(const Thing&) = delete;
    Thing& operator=(const Thing&) = delete;

    bool good = true;

  private:
    Counts& counts_;
};

class OpenOnceTest : public testing::Test {
  protected:
    Result<std::shared_ptr<Thing>> get(const std::string& name) {
        return things_.get(
            name, [](const Thing& thing) { return thing.good; },
            [this] { return Result(std::make_unique<Thing>(counts_)); });
    }

    Counts counts_;
    OpenOnce<Thing> things_;
};

TEST_F(OpenOnceTest, is_shared_by_name_while_anybody_has_it) {
    auto first = get("a").value();
    EXPECT_EQ(get("a").value(), first);
    EXPECT_NE(get("b").value(), first);
    first.reset();
    EXPECT_EQ(counts_.open, 0);
    ASSERT_TRUE(get("a").ok());
    EXPECT_EQ(counts_.opened, 3);
}

TEST_F(OpenOnceTest, one_that_is_no_good_any_more_makes_room_for_another) {
    auto old = get("a").value();
    old->good = false;
    const auto fresh = get("a").value();
    EXPECT_NE(fresh, old);
    old.reset();
    EXPECT_EQ(get("a").value(), fresh) << "the old one's end is not the new one's";
}

TEST_F(OpenOnceTest, that_cannot_be_opened_is_asked_for_again_by_the_next) {
    const auto refuse = [] {
        return Result<std::unique_ptr<Thing>>(make_error(Errc::busy, "not now"));
    };
    EXPECT_EQ(things_
                  .get(
                      "a", [](const Thing&) { return true; }, refuse)
                  .error()
                  .code,
              Errc::busy);
    EXPECT_TRUE(get("a").ok());
}

TEST_F(OpenOnceTest, is_not_opened_before_its_last_user_has_closed_it) {
    std::promise<void> closing;
    std::promise<void> may_close;
    struct Slow {
        std::promise<void>& closing;
        std::promise<void>& may_close;
        std::atomic<bool>& closed;
        ~Slow() {
            closing.set_value();
            may_close.get_future().wait();
            closed = true;
        }
    };
    OpenOnce<Slow> slow;
    std::atomic<bool> closed = false;
    const auto good = [](const Slow&) { return true; };
    auto first =
        slow.get("a", good,
                 [&] {
                     return Result(std::unique_ptr<Slow>(new Slow{closing, may_close, closed}));
                 })
            .value();
    std::jthread last([&] { first.reset(); });
    closing.get_future().wait();
    std::jthread next([&] {
        const auto opened = slow.get("a", good, [&] {
            EXPECT_TRUE(closed);
            return Result<std::unique_ptr<Slow>>(make_error(Errc::busy, "seen"));
        });
        EXPECT_FALSE(opened.ok());
    });
    may_close.set_value();
}

TEST_F(OpenOnceTest, is_open_once_however_many_ask_at_once) {
    constexpr int kRounds = 2'000;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            for (int round = 0; round < kRounds; ++round) {
                EXPECT_TRUE(get("a").ok());
            }
        });
    }
    threads.clear();
    EXPECT_EQ(counts_.most, 1);
    EXPECT_EQ(counts_.open, 0);
}

}  // namespace
}  // namespace mrda::ivshmem
