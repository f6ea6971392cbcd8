// What survives: a process that is killed while it commits, and a disk that runs full.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <semaphore>

#include "contract/store/database_contract.hpp"

namespace son1k::test {
namespace {

constexpr const char* folder_variable = "SON1K_TEST_CHILD_FOLDER";
constexpr const char* backend_variable = "SON1K_TEST_CHILD_BACKEND";
constexpr int acknowledgements = 3;  // the child's descriptor

// Every acknowledged number goes to the parent as one line; process promises too, because a killed
// process is exactly what they are for.
void commit_until_killed() {
  auto opened = backend_named(getenv(backend_variable)).open(getenv(folder_variable), {});
  ASSERT_TRUE(opened) << opened.error().what();
  store::database& db = **opened;
  auto present = numbers_in(db);
  ASSERT_TRUE(present);
  std::int64_t next = present->empty() ? 1 : present->back() + 1;
  std::counting_semaphore<64> room(64);
  for (;; ++next) {
    room.acquire();
    auto promise = next % 4 == 0 ? store::durability::power : store::durability::process;
    db.commit(note_transaction(next, promise), [&room, next](result<void> outcome) {
      std::string line = std::to_string(next) + "\n";
      if (outcome && write(acknowledgements, line.data(), line.size()) < 0) _exit(3);
      room.release();
    });
  }
}

// Not a case of its own: the body of the process that the case below starts and kills.
TEST(store_child, DISABLED_commits_until_killed) {
  if (getenv(folder_variable) != nullptr) commit_until_killed();
}

struct child {
  pid_t pid = 0;
  int lines = -1;  // where its acknowledgements are read
};

child start_child(const std::filesystem::path& folder, const std::string& backend) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  std::string folder_word = std::string(folder_variable) + "=" + folder.string();
  std::string backend_word = std::string(backend_variable) + "=" + backend;
  const char* arguments[] = {"child", "--gtest_filter=store_child.*",
                             "--gtest_also_run_disabled_tests", nullptr};
  const char* variables[] = {folder_word.c_str(), backend_word.c_str(), nullptr};
  pid_t pid = fork();
  if (pid == 0) {
    int quiet = open("/dev/null", O_WRONLY);
    if (quiet < 0 || dup2(quiet, STDOUT_FILENO) < 0) _exit(4);
    // A descriptor that is already the wanted one keeps close-on-exec through dup2.
    if (ends[1] == acknowledgements) fcntl(acknowledgements, F_SETFD, 0);
    if (ends[1] != acknowledgements && dup2(ends[1], acknowledgements) < 0) _exit(4);
    execve("/proc/self/exe", const_cast<char**>(arguments), const_cast<char**>(variables));
    _exit(5);
  }
  close(ends[1]);
  return {pid, ends[0]};
}

// Reads acknowledged numbers until `enough` have come, kills the child, reads the rest.
std::vector<std::int64_t> acknowledged_before_kill(const child& c, std::size_t enough) {
  std::vector<std::int64_t> numbers;
  std::string pending;
  char buffer[4'096];
  bool killed = false;
  ssize_t size = 0;
  while ((size = read(c.lines, buffer, sizeof buffer)) > 0) {
    pending.append(buffer, static_cast<std::size_t>(size));
    std::size_t end = 0;
    while ((end = pending.find('\n')) != std::string::npos) {
      numbers.push_back(std::stoll(pending.substr(0, end)));
      pending.erase(0, end + 1);
    }
    if (!killed && numbers.size() >= enough) killed = kill(c.pid, SIGKILL) == 0;
  }
  close(c.lines);
  int status = 0;
  waitpid(c.pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  return numbers;
}

TEST_P(database_contract, what_was_acknowledged_survives_kill_9) {
  db.reset();
  std::mt19937 random(20'261'122);
  std::int64_t last = 0;
  for (int round = 0; round < 20; ++round) {
    child running = start_child(folder.path(), GetParam());
    ASSERT_GT(running.pid, 0);
    std::size_t enough = 1 + random() % 700;
    std::vector<std::int64_t> acknowledged = acknowledged_before_kill(running, enough);
    ASSERT_GE(acknowledged.size(), enough) << "round " << round;
    reopen();
    auto present = numbers_in(*db);
    ASSERT_TRUE(present) << present.error().what();
    // Commit order has no holes: everything up to the newest acknowledged number is there.
    last = std::max(last, acknowledged.back());
    ASSERT_GE(static_cast<std::int64_t>(present->size()), last);
    for (std::size_t i = 0; i < present->size(); ++i) {
      ASSERT_EQ((*present)[i], static_cast<std::int64_t>(i) + 1) << "round " << round;
    }
    db.reset();
  }
  EXPECT_GT(last, 20);
}

// A small file system of its own, mounted over a folder.
class small_disk {
 public:
  explicit small_disk(const std::filesystem::path& at) : at_(at) {
    std::filesystem::create_directories(at_);
    mounted_ = mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=3m") == 0;
  }
  ~small_disk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

void fill(const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  std::string block(4'096, 'x');
  while (out.write(block.data(), static_cast<std::streamsize>(block.size())) && out.flush()) {
  }
}

TEST_P(database_contract, a_full_disk_refuses_writes_until_there_is_room_and_reads_go_on) {
  small_disk disk(folder / "small");
  if (!disk.mounted()) {
    if (getenv("CI") != nullptr) FAIL() << "this case must be able to mount a tmpfs";
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  }
  auto opened = backend_named(GetParam()).open(folder / "small", {});
  ASSERT_TRUE(opened) << opened.error().what();
  store::database& small = **opened;
  auto wide = [](std::int64_t number) {
    store::transaction tx;
    tx.stage(writes_note(number, std::string(20'000, 'w')));
    return tx;
  };
  store::transaction schema;
  schema.stage([](store::connection& c) -> result<void> {
    auto made = c.execute(create_notes, {});
    return made ? result<void>{} : made.error();
  });
  ASSERT_TRUE(store::commit_and_wait(small, std::move(schema)));
  ASSERT_TRUE(store::commit_and_wait(small, wide(1)));
  fill(folder / "small/ballast");

  result<void> outcome;
  std::int64_t next = 2;
  while (outcome && next < 2'000) outcome = store::commit_and_wait(small, wide(next++));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::storage_full) << outcome.error().what();
  auto seen = numbers_in(small);
  ASSERT_TRUE(seen) << seen.error().what();
  EXPECT_EQ(static_cast<std::int64_t>(seen->size()), next - 2);

  std::filesystem::remove(folder / "small/ballast");
  auto after = store::commit_and_wait(small, wide(next));
  EXPECT_TRUE(after) << after.error().what();
  EXPECT_EQ(numbers_in(small)->back(), next);
  small.stop();
}

}  // namespace
}  // namespace son1k::test
