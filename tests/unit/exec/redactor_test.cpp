#include "mrc/exec/redactor.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "mrc/shell/quote.hpp"

namespace mrc::exec {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char k_label[] = "‹secret mysql.root_password›";

Redactor with(const std::string& value) {
  Redactor redactor;
  redactor.add(Secret("mysql.root_password", value));
  return redactor;
}

TEST(Redactors, LeavesOtherTextAlone) {
  EXPECT_EQ(with("hunter2").clean("nothing here"), "nothing here");
  EXPECT_EQ(Redactor().clean("nothing here"), "nothing here");
}

TEST(Redactors, ReplacesEveryOccurrence) {
  EXPECT_EQ(with("hunter2").clean("hunter2,hunter2"), std::string(k_label) + "," + k_label);
}

TEST(Redactors, KnowsHowOthersWriteASecret) {
  const std::string value = R"(it's "q" \n $HOME)";
  const auto redactor = with(value);
  const auto json = nlohmann::json(value).dump();
  for (const std::string& form : {value,
                                  shell::quote(value),
                                  std::string(R"(it\'s "q" \\n $HOME)"),
                                  std::string(R"(it''s "q" \\n $HOME)"),
                                  std::string(R"(it''s "q" \n $HOME)"),
                                  json}) {
    EXPECT_THAT(redactor.clean("<" + form + ">"), Not(HasSubstr("$HOME"))) << form;
    EXPECT_THAT(redactor.clean("<" + form + ">"), HasSubstr(k_label)) << form;
  }
}

TEST(Redactors, TheLongerSecretWins) {
  Redactor redactor;
  redactor.add(Secret("short", "abc"));
  redactor.add(Secret("long", "abcdef"));
  EXPECT_EQ(redactor.clean("abcdef abc"), "‹secret long› ‹secret short›");
}

TEST(Redactors, ASecretThatIsAWordOfALabelDoesNotSpoilIt) {
  Redactor redactor;
  redactor.add(Secret("mysql.root_password", "hunter2"));
  redactor.add(Secret("other", "secret"));
  EXPECT_EQ(redactor.clean("hunter2"), k_label);
}

TEST(Redactors, AnEmptySecretChangesNothing) { EXPECT_EQ(with("").clean("text"), "text"); }

}  // namespace
}  // namespace mrc::exec
