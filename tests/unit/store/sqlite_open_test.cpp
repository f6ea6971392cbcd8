// Opening: what is refused, how it is said, and that a refused file stays as it was.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/temp_folder.hpp"

namespace son1k::store {
namespace {

using testing::HasSubstr;

const statement make_words{"CREATE TABLE word (n INTEGER PRIMARY KEY, w TEXT)"};
const statement add_word{"INSERT INTO word (w) VALUES ($1)"};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

result<std::unique_ptr<database>> open_at(const std::filesystem::path& file) {
  sqlite_settings settings;
  settings.file = file;
  settings.migrations = {};
  return open_sqlite(settings);
}

class sqlite_open : public testing::Test {
 protected:
  // A closed database of some hundred pages; its bytes.
  std::string filled() {
    auto db = std::move(*open_at(file));
    transaction tx;
    tx.stage([](connection& c) -> result<void> {
      if (auto made = c.execute(make_words, {}); !made) return made.error();
      for (int i = 0; i < 400; ++i)
        if (auto put = c.execute(add_word, {std::string(500, 'w')}); !put) return put.error();
      return {};
    });
    EXPECT_TRUE(commit_and_wait(*db, std::move(tx)));
    db.reset();
    return bytes_of(file);
  }
  void expect_refused(errc code) {
    std::string before = bytes_of(file);
    auto opened = open_at(file);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, code) << opened.error().what();
    EXPECT_THAT(opened.error().field, HasSubstr("a.db"));
    EXPECT_FALSE(opened.error().message.en.empty());
    EXPECT_FALSE(opened.error().message.es.empty());
    EXPECT_EQ(bytes_of(file), before) << "a refused file must stay as it was";
  }

  test::temp_folder folder;
  std::filesystem::path file = folder / "a.db";
};

unsigned mode_of(const std::filesystem::path& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777u : 0u;
}

TEST_F(sqlite_open, new_files_and_folders_are_private) {
  auto deep = folder / "x/y/a.db";
  auto opened = open_at(deep);
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_EQ(mode_of(deep.parent_path()), 0700u);
  EXPECT_EQ(mode_of(deep), 0600u);
  EXPECT_EQ(mode_of(deep.string() + "-wal"), 0600u);
  EXPECT_EQ(mode_of(deep.string() + ".lock"), 0600u);
}

TEST_F(sqlite_open, a_relative_path_without_a_folder_is_served) {
  auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  EXPECT_TRUE(open_at("a.db"));
  std::filesystem::current_path(before);
}

TEST_F(sqlite_open, text_is_no_database) {
  write_bytes(file, "this is a letter, not a database");
  expect_refused(errc::storage_corrupt);
}

TEST_F(sqlite_open, a_short_scrap_is_no_database) {
  write_bytes(file, "SQLite");
  expect_refused(errc::storage_corrupt);
}

TEST_F(sqlite_open, a_damaged_header_is_refused) {
  std::string bytes = filled();
  bytes[3] = '?';
  write_bytes(file, bytes);
  expect_refused(errc::storage_corrupt);
}

TEST_F(sqlite_open, a_truncated_file_is_refused) {
  std::string bytes = filled();
  ASSERT_GT(bytes.size(), 100'000u);
  for (std::size_t kept : {bytes.size() / 2, bytes.size() - 4'096, std::size_t{5'000}}) {
    write_bytes(file, std::string_view(bytes).substr(0, kept));
    expect_refused(errc::storage_corrupt);
  }
}

TEST_F(sqlite_open, a_page_of_noise_is_refused) {
  const std::string bytes = filled();
  for (std::size_t page : {1u, 2u, 7u}) {
    std::string damaged = bytes;
    for (std::size_t i = 0; i < 4'096; ++i)
      damaged[page * 4'096 + i] = static_cast<char>(i * 131 + page);
    write_bytes(file, damaged);
    expect_refused(errc::storage_corrupt);
  }
}

TEST_F(sqlite_open, the_database_of_another_program_is_refused) {
  std::string bytes = filled();
  // The application's number stands at byte 68 of the header (sqlite.org/fileformat2.html).
  bytes.replace(68, 4, std::string(4, '\0'));
  write_bytes(file, bytes);
  expect_refused(errc::storage_corrupt);
}

TEST_F(sqlite_open, an_empty_file_is_a_new_database) {
  write_bytes(file, "");
  EXPECT_TRUE(open_at(file));
}

TEST_F(sqlite_open, a_second_owner_is_refused_and_told_who_the_first_is) {
  auto first = open_at(file);
  ASSERT_TRUE(first);
  auto second = open_at(file);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::unavailable);
  EXPECT_THAT(second.error().message.en, HasSubstr("Another son1k"));
  EXPECT_THAT(second.error().message.en, HasSubstr(std::to_string(getpid())));
  first->reset();
  EXPECT_TRUE(open_at(file));
}

TEST_F(sqlite_open, a_lock_file_left_by_a_dead_owner_does_not_lock) {
  write_bytes(file.string() + ".lock", "99999999\n");
  EXPECT_TRUE(open_at(file));
}

TEST_F(sqlite_open, a_folder_in_the_place_of_the_file_is_refused) {
  std::filesystem::create_directories(file);
  auto opened = open_at(file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::unavailable);
}

TEST_F(sqlite_open, a_file_in_the_place_of_the_folder_is_named) {
  write_bytes(folder / "x", "");
  auto opened = open_at(folder / "x/a.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().field, (folder / "x").string());
}

// Permissions do not bind root, so the attempt is made by a process of nobody's; its exit code is 0
// when opening is refused as it should be.
int code_as_nobody(const std::filesystem::path& where, errc expected) {
  pid_t pid = fork();
  if (pid == 0) {
    if (getuid() == 0 && (setgid(65'534) != 0 || setuid(65'534) != 0)) _exit(90);
    auto opened = open_at(where);
    if (opened) _exit(91);
    _exit(opened.error().code == expected && !opened.error().field.empty() ? 0 : 92);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(sqlite_open, a_folder_without_permission_is_forbidden) {
  auto closed = folder / "closed";
  std::filesystem::create_directories(closed);
  chmod(folder.path().c_str(), 0755);
  chmod(closed.c_str(), 0555);
  EXPECT_EQ(code_as_nobody(closed / "a.db", errc::forbidden), 0);
  EXPECT_EQ(code_as_nobody(closed / "below/a.db", errc::forbidden), 0);
  chmod(closed.c_str(), 0755);
}

TEST_F(sqlite_open, a_file_without_permission_is_forbidden) {
  filled();
  chmod(folder.path().c_str(), 0777);
  chmod(file.c_str(), 0400);
  std::filesystem::remove(file.string() + ".lock");
  EXPECT_EQ(code_as_nobody(file, errc::forbidden), 0);
}

TEST_F(sqlite_open, a_read_only_file_system_is_forbidden) {
  auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", MS_RDONLY, "size=1m") != 0) {
    if (getenv("CI") != nullptr) FAIL() << "this case must be able to mount a tmpfs";
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  }
  auto opened = open_at(disk / "a.db");
  auto below = open_at(disk / "x/a.db");
  umount2(disk.c_str(), MNT_DETACH);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::forbidden);
  EXPECT_THAT(opened.error().message.en, HasSubstr("read-only"));
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code, errc::forbidden);
}

TEST_F(sqlite_open, a_full_disk_is_storage_full) {
  auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    if (getenv("CI") != nullptr) FAIL() << "this case must be able to mount a tmpfs";
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  }
  write_bytes(disk / "ballast", std::string(100'000, 'x'));
  auto opened = open_at(disk / "a.db");
  umount2(disk.c_str(), MNT_DETACH);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::storage_full) << opened.error().what();
}

}  // namespace
}  // namespace son1k::store
