#include <regex>
#include <sstream>

#include "property/shell.hpp"

/// MySQL servers in their containers: data directories, accounts, replication.
namespace mrc::test::property {
namespace {

std::string home(const std::string& root, const std::string& name) { return root + "/" + name; }

/// The value of an option as mysqld would take it: the last one wins.
std::string option(const Container& one, const std::string& name) {
  std::string value;
  for (const auto& word : one.options) {
    if (word.starts_with("--" + name + "=")) value = word.substr(name.size() + 3);
  }
  return value;
}

std::string variable(const Container& one, const MysqlData& data, const std::string& name) {
  const auto set = one.variables.find(name);
  if (set != one.variables.end()) return set->second;
  return data.role.find(";" + name + "=ON;") == std::string::npos ? "OFF" : "ON";
}

/// A session in one server.
struct Session {
  Container* container = nullptr;
  MysqlData* data = nullptr;
  std::string error;
};

Session login(Host& host,
              const std::string& name,
              const std::string& user,
              const std::string& password) {
  const auto found = host.containers.find(name);
  if (found == host.containers.end() || !found->second.running)
    return {{}, {}, "No such container"};
  const auto data = host.mysql_data.find(found->second.volume);
  if (data == host.mysql_data.end()) return {{}, {}, "ERROR 2002 (HY000): Can't connect"};
  for (const auto* from : {"@localhost", "@%"}) {
    const auto account = data->second.passwords.find(user + from);
    if (account == data->second.passwords.end()) continue;
    if (account->second == password) return {&found->second, &data->second, {}};
    break;  // the narrower one wins
  }
  return {{}, {}, fmt::format("ERROR 1045 (28000): Access denied for user '{}'", user)};
}

/// Where the script says which password it may be too.
std::string former_of(const std::string& file) { return "former of " + file; }

/// ROOT_FILE BEFORE_FILE
int former(Call& call) {
  call.shell.files[former_of(call.arg(0))] = call.file(1);
  return 0;
}

/// As root of the server that the argument names, by the password in the file that the other names.
Session login_root(Call& call, std::size_t name, std::size_t file) {
  auto session = login(call.host, call.arg(name), "root", call.file(file));
  const auto before = call.shell.files.find(former_of(call.arg(file)));
  if (!session.error.starts_with("ERROR 1045") || before == call.shell.files.end()) return session;
  return login(call.host, call.arg(name), "root", before->second);
}

/// Statements that steps send themselves; false: not known here.
bool execute(const std::string& sql, Session& in) {
  std::smatch found;
  if (!std::regex_match(sql, found, std::regex("SET GLOBAL (\\w+)=(\\w+)"))) return false;
  in.container->variables[found[1]] = found[2];
  if (found[1] == "super_read_only" && found[2] == "ON")
    in.container->variables["read_only"] = "ON";
  return true;
}

int run_sql(const std::string& text, Session& in) {
  std::istringstream lines(text);
  for (std::string sql; std::getline(lines, sql);) {
    if (!execute(sql, in)) throw Untaught("the fake does not know the SQL: " + sql);
  }
  return 0;
}

/// mrc_mysql CONTAINER USER PASSWORD_FILE [OPTION..] <SQL
int client(Call& call) {
  auto session = call.arg(1) == "root" ? login_root(call, 0, 2)
                                       : login(call.host, call.arg(0), call.arg(1), call.file(2));
  if (!session.error.empty()) return call.fail(session.error);
  return run_sql(call.in, session);
}

int wait_ready(Call& call) {
  const auto session = login_root(call, 0, 1);
  return session.error.empty() ? 0 : call.fail(session.error);
}

int init(Call& call) {
  const auto& deployment = call.arg(0);
  const auto& name = call.arg(1);
  const auto& root = call.arg(3);
  const auto data = home(root, name) + "/data";
  if (call.host.mysql_data.contains(data)) return 0;
  if (!call.host.images.contains(call.arg(2))) return call.fail("no image " + call.arg(2));
  if (!call.host.has_folder(root)) {
    auto first = root;
    while (!call.host.has_folder(first.substr(0, std::max<std::size_t>(first.rfind('/'), 1)))) {
      first = first.substr(0, first.rfind('/'));
    }
    call.host.make_folder(root);
    call.host.files[root + "/.mrc"] = first + "\n";
  }
  call.host.make_folder(home(root, name));
  call.host.make_folder(data + ".mrc-init");
  call.shell.tick();
  MysqlData made;
  made.mark = deployment;
  made.uuid = "uuid-" + call.world.new_id().substr(0, 31);
  made.passwords["root@localhost"] = call.file(4);
  if (call.arg(5) != "localhost") made.passwords["root@" + call.arg(5)] = call.file(4);
  call.host.folders.erase(data + ".mrc-init");
  call.host.make_folder(data);
  call.host.files[home(root, name) + "/.mrc"] =
      fmt::format(R"({{"mrc": 1, "deployment": "{}", "server": "{}"}})", deployment, name);
  call.host.mysql_data[data] = std::move(made);
  return 0;
}

/// docker run of a server.
int run_server(Call& call) {
  if (call.host.containers.contains(call.arg(0))) return call.fail("the name is in use");
  Container one;
  one.id = call.world.new_id();
  std::size_t i = 1;
  for (; i < call.args.size() && call.arg(i).starts_with('-'); i += 2) {
    const auto& value = call.arg(i + 1);
    if (call.arg(i) == "--label") {
      one.labels[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    } else if (call.arg(i) == "-v") {
      one.volume = value.substr(0, value.find(':'));
    } else if (call.arg(i) == "--restart") {
      one.restart = value;
    } else if (call.arg(i) == "--hostname") {
      one.hostname = value;
    } else if (call.arg(i) == "-e") {
      one.env[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    } else if (call.arg(i) == "--stop-timeout") {
      one.stop_timeout = value;
    } else {
      throw Untaught("docker run " + call.arg(i));
    }
  }
  one.image = call.arg(i++);
  const auto image = call.host.images.find(one.image);
  if (image == call.host.images.end()) return call.fail("no image " + one.image);
  if (!call.host.mysql_data.contains(one.volume)) return call.fail("no data in " + one.volume);
  one.image_id = image->second;
  one.options.assign(call.args.begin() + static_cast<std::ptrdiff_t>(i), call.args.end());
  one.io_thread = one.sql_thread = true;
  call.host.containers[call.arg(0)] = std::move(one);
  return 0;
}

std::string label(const Container& one, const std::string& key) {
  const auto has = one.labels.find(key);
  return has == one.labels.end() ? std::string() : has->second;
}

/// NAME DEPLOYMENT [adopt]
int stop_remove(Call& call) {
  call.shell.call("mrc_unwatch", {call.arg(1), call.arg(0)}, call);
  const auto found = call.host.containers.find(call.arg(0));
  if (found == call.host.containers.end()) return 0;
  const auto owner = label(found->second, "mrc.deployment");
  const bool adopts = call.args.size() > 2 && call.arg(2) == "adopt";
  if (owner != call.arg(1) && !(owner.empty() && adopts)) {
    return call.fail("the container is not this deployment's; it stays");
  }
  call.host.stop(found->second);
  call.shell.tick();
  call.host.containers.erase(call.arg(0));
  return 0;
}

int start_server(Call& call) {
  const auto found = call.host.containers.find(call.arg(0));
  if (found == call.host.containers.end()) return call.fail("no such container: " + call.arg(0));
  if (!found->second.running) {
    found->second.running = true;
    found->second.variables.clear();
    found->second.io_thread = found->second.sql_thread = true;  // they start with the server
    found->second.io_waits = false;
  }
  return 0;
}

/// DATA LINE..
int role(Call& call) {
  const auto data = call.host.mysql_data.find(call.arg(0));
  if (data == call.host.mysql_data.end()) return call.fail("no data in " + call.arg(0));
  data->second.role.clear();
  for (std::size_t i = 1; i < call.args.size(); ++i) data->second.role += call.arg(i) + ";";
  return 0;
}

/// NAME ROOT_FILE USER REPL_FILE REQUIRE CONNECTIONS
int account(Call& call) {
  auto session = login_root(call, 0, 1);
  if (!session.error.empty()) return call.fail(session.error);
  const auto name = call.arg(2) + "@%";
  if (session.data->passwords[name] != call.file(3)) {
    session.data->passwords[name] = call.file(3);
    ++session.data->executed[session.data->uuid];
    call.shell.tick();
  }
  auto& limits = session.data->limits[name];
  if (const auto wanted = call.arg(4) + "\t" + call.arg(5); limits != wanted) {
    limits = wanted;
    ++session.data->executed[session.data->uuid];
    call.shell.tick();
  }
  if (session.data->repl_accounts.insert(name).second) ++session.data->executed[session.data->uuid];
  return 0;
}

/// NAME ROOT_FILE ROOT_HOST
int root_password(Call& call) {
  if (login(call.host, call.arg(0), "root", call.file(1)).error.empty()) return 0;
  auto session = login_root(call, 0, 1);
  if (!session.error.empty()) return call.fail(session.error);
  for (const auto& account : {"root@" + call.arg(2), std::string("root@localhost")}) {
    if (!session.data->passwords.contains(account)) continue;
    session.data->passwords[account] = session.data->said[account] = call.file(1);
    ++session.data->executed[session.data->uuid];
    call.shell.tick();
  }
  return 0;
}

/// NAME ROOT_FILE ROOT_HOST
int root_from(Call& call) {
  auto session = login_root(call, 0, 1);
  if (!session.error.empty()) return call.fail(session.error);
  auto& data = *session.data;
  const std::string account = "root@%";
  const bool closes = call.arg(2) == "localhost";
  if (data.passwords.contains(account) != closes) return 0;
  if (closes) {
    data.passwords.erase(account);
    data.said.erase(account);
    data.dropped.insert(account);
  } else {
    data.passwords[account] = data.said[account] = call.file(1);
    data.dropped.erase(account);
  }
  ++data.executed[data.uuid];
  call.shell.tick();
  return 0;
}

/// NAME ROOT_FILE
int root_comes(Call& call) {
  const auto session = login(call.host, call.arg(0), "root", call.file(1));
  return session.error.empty() ? 0 : call.fail("it does not come: " + session.error);
}

/// The record of a container pins its image.
int note(Call& call) {
  const auto found = call.host.containers.find(call.arg(1));
  if (found == call.host.containers.end()) return call.fail("no such container: " + call.arg(1));
  return call.shell.call(
      "mrc_record",
      {call.arg(0),
       "mysql/" + call.arg(1) + "/container",
       fmt::format(
           R"({{"image": "{}", "id": "{}"}})", found->second.image, found->second.image_id)},
      call);
}

/// The server that answers at this Calico address, as seen from that container.
Session reach(World& world,
              const Container& from,
              const std::string& address,
              const std::string& user,
              const std::string& password) {
  if (from.eth1.empty()) return {{}, {}, "ERROR 2003 (HY000): no route"};
  for (auto& [key, host] : world.hosts) {
    for (auto& [name, one] : host.containers) {
      if (!one.running || !one.eth1.contains(address + "/32") || !host.routes.contains(address)) {
        continue;
      }
      return login(host, name, user, password);
    }
  }
  return {{}, {}, "ERROR 2003 (HY000): Can't connect to MySQL server on '" + address + "'"};
}

/// What the IO thread's state is now.
std::string io_state(World& world,
                     const Container& one,
                     const MysqlData& data,
                     std::string& error) {
  if (!one.io_thread) return "No";
  if (one.io_waits) {
    error = "ERROR 2003 (HY000): tried again in 10 s";
    return "Connecting";
  }
  const auto& source = *data.source;
  error = reach(world, one, source.host, source.user, source.password).error;
  return error.empty() ? "Yes" : "Connecting";
}

/// NAME ROOT_FILE MASTER_ADDRESS USER REPL_FILE TLS
int replicate(Call& call) {
  auto session = login_root(call, 0, 1);
  if (!session.error.empty()) return call.fail(session.error);
  if (call.arg(5) != "off") throw Untaught("TLS");
  const auto master = reach(call.world, *session.container, call.arg(2), call.arg(3), call.file(4));
  if (!master.error.empty()) return call.fail("the master cannot be reached: " + master.error);
  const MysqlData::Source wanted{
      call.arg(2), call.arg(3), call.file(4), 3306, "10", "86400", "1", "0", true};
  if (session.data->source != wanted) {
    session.data->source = wanted;
    call.shell.tick();
  }
  session.container->io_thread = session.container->sql_thread = true;
  session.container->io_waits = false;
  call.world.settle();
  for (const auto& [uuid, count] : master.data->executed) {
    if (session.data->executed[uuid] < count) return call.fail("it has not caught up");
  }
  return 0;
}

/// Both halves of a switchover run at the same time and wait for one another; here, whichever comes
/// first does both, but for the other's my.cnf. `name`: the new master.
int switch_over(Call& call, Session& old, const std::string& name) {
  for (auto& [key, host] : call.world.hosts) {
    const auto found = host.containers.find(name);
    if (found == host.containers.end() || !found->second.running) continue;
    auto& container = found->second;
    auto& data = host.mysql_data.at(container.volume);
    if (!data.source) return 0;  // it is the master already
    container.io_thread = container.sql_thread = true;
    container.io_waits = false;
    call.world.settle();
    for (const auto& [uuid, count] : old.data->executed) {
      if (data.executed[uuid] < count) return call.fail(name + " has not caught up");
    }
    old.container->variables["read_only"] = "ON";
    call.shell.tick();
    container.variables["read_only"] = "OFF";
    data.source.reset();
    call.shell.tick();
    return 0;
  }
  return call.fail(name + " is not there");
}

/// NAME ROOT_FILE USER REPL_FILE NEW NEW_ADDRESS FREEZE_SQL CLIENTS MASTERS_ROLE ROLE_DATA ROLE_LINE..
int hand_over(Call& call) {
  auto old = login_root(call, 0, 1);
  if (!old.error.empty()) return call.fail(old.error);
  if (const int status = switch_over(call, old, call.arg(4)); status != 0) return status;
  return call.shell.call("mrc_mysql_role", {call.args.begin() + 9, call.args.end()}, call);
}

/// NAME ROOT_FILE OLD OLD_ADDRESS USER REPL_FILE CLOSED ROLE_DATA ROLE_LINE..
int take_over(Call& call) {
  auto now = login_root(call, 0, 1);
  if (!now.error.empty()) return call.fail(now.error);
  auto old = reach(call.world, *now.container, call.arg(3), call.arg(4), call.file(5));
  if (!old.error.empty()) return call.fail("the old master cannot be reached: " + old.error);
  if (const int status = switch_over(call, old, call.arg(0)); status != 0) return status;
  return call.shell.call("mrc_mysql_role", {call.args.begin() + 7, call.args.end()}, call);
}

/// Ids of the servers that are connected to this one: SHOW SLAVE HOSTS.
std::set<std::string> listeners(World& world, const MysqlData& master) {
  std::set<std::string> out;
  for (auto& [key, host] : world.hosts) {
    for (auto& [name, one] : host.containers) {
      const auto data = host.mysql_data.find(one.volume);
      if (!one.running || data == host.mysql_data.end() || !data->second.source) continue;
      const auto& source = *data->second.source;
      if (!one.io_thread || one.io_waits) continue;
      const auto there = reach(world, one, source.host, source.user, source.password);
      if (there.data == &master) out.insert(option(one, "server-id"));
    }
  }
  return out;
}

void probe_sql(Call& call) {
  const auto& name = call.arg(0);
  const auto& user = call.arg(4);
  auto session = login_root(call, 0, 3);
  if (!session.error.empty()) {
    call.out += fmt::format("sql\t{}\n", session.error);
    return;
  }
  if (!login(call.host, name, "root", call.file(3)).error.empty()) call.out += "root\tbefore\n";
  const auto password = call.file(5);
  const auto& one = *session.container;
  const auto& data = *session.data;
  std::string executed;
  for (const auto& [uuid, count] : data.executed) {
    if (count > 0) executed += fmt::format("{}{}:1-{}", executed.empty() ? "" : ",", uuid, count);
  }
  call.out += fmt::format(
      "var\tgtid_mode\tON\nvar\tlog_bin_basename\t/var/lib/mysql/mysql-bin\nvar\tread_only\t{}\n"
      "var\tserver_id\t{}\nvar\tserver_uuid\t{}\nvar\tskip_networking\tOFF\n"
      "var\tversion\t5.6.24-log\nvar\tgtid_executed\t{}\nvar\tgtid_purged\t\n",
      variable(one, data, "read_only"),
      option(one, "server-id"),
      data.uuid,
      executed);
  call.out += fmt::format("account\t{}\n", data.passwords.count(user + "@%"));
  if (const auto limits = data.limits.find(user + "@%"); limits != data.limits.end()) {
    call.out += fmt::format("limits\t{}\n", limits->second);
  }
  if (data.repl_accounts.contains(user + "@%")) call.out += "grant\tREPLICATION SLAVE ON *.*\n";
  if (data.passwords.contains("root@%")) call.out += "outside\t%\tY\n";
  for (const auto& id : listeners(call.world, data)) call.out += fmt::format("listener\t{}\n", id);
  if (data.source) {
    const auto& source = *data.source;
    std::string error;
    const auto io = io_state(call.world, one, data, error);
    call.out +=
        fmt::format("channel\t{}\t{}\n", source.heartbeat, source.password == password ? 1 : 0);
    call.out += fmt::format(
        "slave\tMaster_Host\t{}\nslave\tMaster_User\t{}\nslave\tMaster_Port\t{}\n"
        "slave\tSlave_IO_Running\t{}\nslave\tSlave_SQL_Running\t{}\nslave\tLast_IO_Errno\t{}\n"
        "slave\tLast_IO_Error\t{}\nslave\tLast_SQL_Errno\t0\nslave\tLast_SQL_Error\t\n"
        "slave\tAuto_Position\t{}\nslave\tConnect_Retry\t{}\nslave\tMaster_Retry_Count\t{}\n"
        "slave\tSQL_Delay\t{}\nslave\tMaster_SSL_Allowed\tNo\n",
        source.host,
        source.user,
        source.port,
        io,
        one.sql_thread ? "Yes" : "No",
        error.empty() ? "0" : "1045",
        error,
        source.auto_position ? 1 : 0,
        source.connect_retry,
        source.retry_count,
        source.delay);
  }
  const auto own = login(call.host, name, user, password);
  call.out += fmt::format("login\t{}\n", own.error.empty() ? "ok" : own.error);
}

/// What the container was made with, as docker inspect tells it.
void probe_fields(Call& call, const Container& one) {
  const auto field = [&](const char* name, const std::string& value) {
    call.out += fmt::format("field\t{}\t\"{}\"\n", name, value);
  };
  field("image", one.image);
  field("hostname", one.hostname);
  field("restart policy", one.restart);
  call.out += fmt::format("field\tstop timeout\t{}\n", one.stop_timeout);
  field("network", "default");
  call.out += "field\tprivileged\tfalse\nfield\tmemory\t0\nfield\tcpus\t0\n";
  field("mount", one.volume + ":/var/lib/mysql");
  field("data", one.volume);
  for (const auto& [name, value] : one.env) field("environment", name);
  for (const auto& word : one.options) field("mysqld", word);
  for (const auto& [key, value] : one.labels) field("label", key + "=" + value);
}

/// NAME ROOT DEPLOYMENT ROOT_FILE REPL_USER REPL_FILE IMAGE ADOPT ADDRESS
int probe(Call& call) {
  const auto& name = call.arg(0);
  const auto data = home(call.arg(1), name) + "/data";
  call.out = fmt::format("server\t{}\n", name);
  const auto found = call.host.mysql_data.find(data);
  if (found != call.host.mysql_data.end()) {
    call.out += fmt::format("data\t{}\n", found->second.mark);
    if (!found->second.role.empty()) call.out += fmt::format("role\t{}\n", found->second.role);
  }
  if (call.host.has_folder(data + ".mrc-init")) call.out += "staging\tyes\n";
  const auto container = call.host.containers.find(name);
  if (container != call.host.containers.end()) {
    const auto& one = container->second;
    const auto owner = label(one, "mrc.deployment");
    call.out += fmt::format(
        "container\t{}\t{}\t{}\n", one.running ? "running" : "exited", owner, one.image_id);
    probe_fields(call, one);
    if (one.running && one.eth1.contains(call.arg(8) + "/32")) call.out += "address\tyes\n";
    const auto image = call.host.images.find(call.arg(6));
    call.out +=
        fmt::format("wanted_image\t{}\n", image == call.host.images.end() ? "" : image->second);
    const bool asks = owner == call.arg(2) || (owner.empty() && call.arg(7) == "yes");
    if (one.running && asks) probe_sql(call);
  }
  call.out += fmt::format("end\t{}\n", name);
  return 0;
}

int marked(Call& call) {
  std::set<std::string> names;
  for (const auto& [name, one] : call.host.containers) {
    if (label(one, "mrc.deployment") == call.arg(0)) names.insert(label(one, "mrc.server"));
  }
  for (const auto& name : names) call.out += fmt::format("marked\t{}\n", name);
  return 0;
}

int delete_data(Call& call) {
  const auto& root = call.arg(1);
  const auto own = home(root, call.arg(0));
  call.host.remove_tree(own + "/data");
  call.host.remove_tree(own + "/data.mrc-init");
  call.shell.tick();
  call.host.files.erase(own + "/.mrc");
  if (call.host.is_empty(own)) call.host.folders.erase(own);
  const auto mark = call.host.files.find(root + "/.mrc");
  if (mark == call.host.files.end()) return 0;
  const auto first = mark->second.substr(0, mark->second.size() - 1);
  auto without = call.host;
  without.files.erase(root + "/.mrc");
  if (!without.is_empty(root)) return 0;
  call.host.files.erase(mark);
  for (auto up = root; call.host.is_empty(up); up = up.substr(0, up.rfind('/'))) {
    call.host.folders.erase(up);
    if (up == first) break;
  }
  return 0;
}

}  // namespace

void teach_mysql(Functions& functions) {
  functions["mrc_mysql"] = client;
  functions["mrc_mysql_account"] = account;
  functions["mrc_mysql_former"] = former;
  functions["mrc_mysql_root_password"] = root_password;
  functions["mrc_mysql_root_comes"] = root_comes;
  functions["mrc_mysql_root_from"] = root_from;
  functions["mrc_mysql_role"] = role;
  functions["mrc_mysql_wait"] = wait_ready;
  functions["mrc_mysql_taken"] = wait_ready;
  functions["mrc_mysql_check_options"] = [](Call& call) {
    return call.host.images.contains(call.arg(1)) ? 0 : call.fail("no image " + call.arg(1));
  };
  for (const auto* nothing : {"mrc_mysql_compare",
                              "mrc_mysql_room",
                              "mrc_mysql_keep",
                              "mrc_mysql_served",
                              "mrc_mysql_own",
                              "mrc_mysql_tables"}) {
    functions[nothing] = [](Call&) { return 0; };
  }
  functions["mrc_mysql_init"] = init;
  functions["mrc_mysql_run"] = run_server;
  functions["mrc_mysql_stop_remove"] = stop_remove;
  functions["mrc_mysql_start"] = start_server;
  functions["mrc_mysql_note"] = note;
  functions["mrc_mysql_marked"] = marked;
  functions["mrc_mysql_drop_helpers"] = [](Call&) { return 0; };
  functions["mrc_mysql_not_ahead"] = [](Call&) { return 0; };
  functions["mrc_mysql_end_clients"] = [](Call&) { return 0; };
  functions["mrc_mysql_nothing_alone"] = [](Call&) { return 0; };
  functions["mrc_mysql_replicate"] = replicate;
  functions["mrc_mysql_hand_over"] = hand_over;
  functions["mrc_mysql_take_over"] = take_over;
  functions["mrc_mysql_probe"] = probe;
  functions["mrc_mysql_delete_data"] = delete_data;
}

}  // namespace mrc::test::property
