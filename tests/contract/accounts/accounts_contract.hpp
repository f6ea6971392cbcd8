// What accounts keep in a database, on each of the databases; the words the cases share.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <string>

#include "accounts/identity/revocations.hpp"
#include "accounts/keys/api_keys.hpp"
#include "accounts/sessions/sessions.hpp"
#include "accounts/users/setup.hpp"
#include "accounts/users/users.hpp"
#include "store/async.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_folder.hpp"

namespace son1k::accounts::test {

// A fresh, migrated database of that name.
result<std::unique_ptr<store::database>> open_fresh(const std::string& name,
                                                    const std::filesystem::path& folder);
bool is_installed(const std::string& name);

// One process of the program, over a database that others may share.
struct process {
  process(store::database& db, const clock_port& clock);

  accounts::revocations revocations;
  password_hasher passwords;
  accounts::users users;
  accounts::sessions sessions;
  accounts::api_keys keys;
  accounts::setup setup;
};

class accounts_contract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!is_installed(GetParam())) {
      if (getenv("CI") != nullptr) FAIL() << GetParam() << " must be installed (tools/setup)";
      GTEST_SKIP() << GetParam() << " is not installed (tools/setup)";
    }
    auto opened = open_fresh(GetParam(), folder.path());
    ASSERT_TRUE(opened) << opened.error().what();
    db = std::move(*opened);
    here = std::make_unique<process>(*db, clock);
    there = std::make_unique<process>(*db, clock);
  }

  template <class T>
  T run(boost::asio::awaitable<T> work) {
    loop.restart();
    auto answer = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.run();
    return answer.get();
  }
  // An account that signs in with the password "a long enough one".
  account made(const std::string& email, const std::string& role = "user");

  son1k::test::manual_clock clock;
  son1k::test::temp_folder folder;
  boost::asio::io_context loop;  // outlives the threads that resume on it
  std::unique_ptr<store::database> db;
  std::unique_ptr<process> here, there;
};

inline constexpr const char* good_password = "a long enough one";

}  // namespace son1k::accounts::test
