#include "property/shell.hpp"

/// The functions of prelude.sh, and the programs that bodies call.
namespace mrc::test::property {
namespace {

/// With the last entry that tells of a thing made, the record goes.
void drop_if_empty(Host& host, const std::string& deployment) {
  const auto found = host.records.find(deployment);
  if (found == host.records.end()) return;
  for (const auto& [key, value] : found->second) {
    if (!key.starts_with("did/")) return;
  }
  host.records.erase(found);
}

void forget_under(Host& host, const std::string& deployment, const std::string& prefix) {
  const auto found = host.records.find(deployment);
  if (found == host.records.end()) return;
  std::erase_if(found->second, [&](const auto& one) { return one.first.starts_with(prefix); });
  drop_if_empty(host, deployment);
}

int record(Call& call) {
  call.host.records[call.arg(0)][call.arg(1)] = call.arg(2);
  drop_if_empty(call.host, call.arg(0));
  return 0;
}

int forget(Call& call) {
  const auto found = call.host.records.find(call.arg(0));
  if (found != call.host.records.end()) found->second.erase(call.arg(1));
  drop_if_empty(call.host, call.arg(0));
  return 0;
}

/// What is waited for does not come by itself here: it is so, or it never will be.
int wait(Call& call) {
  const std::vector<std::string> args(call.args.begin() + 3, call.args.end());
  if (call.shell.call(call.arg(2), args, call) == 0) return 0;
  call.err = "gave up waiting for " + call.arg(1) + ": " + call.out + call.err;
  return 124;
}

int print(Call& call) {
  const auto& format = call.arg(0);
  std::size_t next = 1;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const auto two = format.substr(i, 2);
    if (two == "\\n") {
      call.out += '\n';
    } else if (two == "\\t") {
      call.out += '\t';
    } else if (two == "%s") {
      call.out += call.arg(next++);
    } else if (two == "%%") {
      call.out += '%';
    } else if (format[i] == '\\' || format[i] == '%') {
      throw Untaught("printf " + format);
    } else {
      call.out += format[i];
      continue;
    }
    ++i;
  }
  return 0;
}

int echo(Call& call) {
  for (std::size_t i = 0; i < call.args.size(); ++i) call.out += (i == 0 ? "" : " ") + call.args[i];
  call.out += '\n';
  return 0;
}

int remove(Call& call) {
  for (const auto& arg : call.args) {
    if (!arg.starts_with('-')) call.host.remove_tree(arg);
  }
  return 0;
}

}  // namespace

void teach_prelude(Functions& functions) {
  functions["mrc_record"] = record;
  functions["mrc_forget"] = forget;
  functions["mrc_forget_under"] = [](Call& call) {
    forget_under(call.host, call.arg(0), call.arg(1));
    return 0;
  };
  functions["mrc_wait"] = wait;
  functions["mrc_note"] = [](Call&) { return 0; };
  functions["printf"] = print;
  functions["echo"] = echo;
  functions["rm"] = remove;
  functions[":"] = [](Call&) { return 0; };
}

}  // namespace mrc::test::property
