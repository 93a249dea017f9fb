#!/usr/bin/env python3
"""Servers that somebody changed by hand, and a file that asks for other ones."""

import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from site_lab import ADDRESSES, HOSTS, NETWORK_PREFIX, ROOT, Site, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402
from writer import Writer  # noqa: E402

SERVERS = {"docker1": "mysql-master", "docker2": "mysql-slave1", "docker3": "mysql-slave2"}
SLAVES = ("docker2", "docker3")
FOURTH = f"{NETWORK_PREFIX}.114"

# The container as it is, but for the restart policy, a further variable and an option.
RECREATE = r"""
image=$(docker inspect -f '{{.Config.Image}}' mysql-slave2)
docker inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' mysql-slave2 | grep . >/tmp/arguments
docker inspect -f '{{range $k, $v := .Config.Labels}}{{if eq (slice $k 0 4) "mrc."}}--label={{$k}}={{$v}}{{"\n"}}{{end}}{{end}}' mysql-slave2 |
  grep . >/tmp/labels
docker rm -f mysql-slave2 >/dev/null
docker run -d --name mysql-slave2 --hostname mysql-slave2 --restart always --stop-timeout 120 \
  -v /opt/Docker/mysql-slave2/data:/var/lib/mysql -e MYSQL_HOME=/var/lib/mysql -e HAND=made $(cat /tmp/labels) \
  "$image" $(cat /tmp/arguments) --max_connections=77 >/dev/null
rm /tmp/labels /tmp/arguments
"""

LOSE_RECORD = r"""perl -0pi -e 's/^  "(did\/)?mysql\/.*\n//mg; s/,\n\}\}/\n}}/' /var/lib/mrc/blog-2016.json"""


class MysqlChanges(Story):
    site: Site
    changed: str  # the topology as it stands

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset", "-n", "4")
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        text = (ROOT / "examples/blog-2016.yaml").read_text()
        text = re.sub(r"(  docker)3(: .*)113(.*\n)", r"\g<0>\g<1>4\g<2>114\g<3>", text)
        cls.use(text)
        done = cls.site.mrc("apply", "--yes", timeout=900)
        if done.returncode != 0:
            raise AssertionError(summary(done))
        cls.site.sql_outside(ADDRESSES["docker1"], "CREATE DATABASE shop;")

    @classmethod
    def use(cls, text: str) -> None:
        cls.changed = text
        cls.site.topology = cls.site.write_topology("changed.yaml", text)

    def planned(self) -> dict[str, dict]:
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        return {step["id"]: step for step in load_json(done)["steps"]}

    def apply(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))

    def fields(self, step: dict) -> dict[str, tuple[str | None, str | None]]:
        return {line["field"]: (line["before"], line["after"]) for line in step["diff"]}

    def all_drifted(self, steps: dict[str, dict]) -> None:
        causes = {name: step["cause"] for name, step in steps.items() if name.startswith("mysql/")}
        self.assertEqual(set(causes.values()), {"drift"}, causes)

    def slave_status(self, host: str, server: str) -> dict[str, str]:
        said = self.site.sql_inside(host, server, "SHOW SLAVE STATUS")
        return dict(re.findall(r"^ *(\w+): (.*)$", said, re.M))

    def replicates(self, host: str, server: str) -> bool:
        status = self.slave_status(host, server)
        return (status.get("Slave_IO_Running"), status.get("Slave_SQL_Running")) == ("Yes", "Yes")

    def has_all_rows(self, writer: Writer, *addresses: str) -> None:
        self.assertGreater(len(writer.acknowledged), 10)
        for address in addresses:
            wait_until(f"every acknowledged row on {address}", lambda: writer.acknowledged <= writer.rows_on(address))
        self.site.sql_outside(ADDRESSES["docker1"], "DROP TABLE shop.log;")

    def ids(self) -> dict[str, str]:
        return {host: self.site.sh(host, "docker ps --no-trunc --format '{{.ID}} {{.Names}}' | sort") for host in HOSTS}

    # -- drift

    def test_01_what_was_changed_by_hand_is_shown_as_drift_each_as_its_own_line(self) -> None:
        self.site.sql_inside(
            "docker1", "mysql-master",
            "SET SESSION sql_log_bin=0; GRANT SELECT ON shop.* TO 'repl'@'%'; REVOKE REPLICATION SLAVE ON *.* FROM 'repl'@'%';"
            " SET PASSWORD FOR 'repl'@'%' = PASSWORD('another'); SET GLOBAL read_only=ON",
        )
        self.site.sql_inside(
            "docker2", "mysql-slave1",
            "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='192.168.0.99', MASTER_PORT=3307, MASTER_USER='other',"
            " MASTER_PASSWORD='wrong', MASTER_AUTO_POSITION=0; SET GLOBAL read_only=OFF",
        )
        self.site.sh("docker2", "docker update --restart no mysql-slave1")
        self.site.sh("docker3", RECREATE)
        # Its unit gives the new container its address meanwhile; a plan in the middle of that is refused.
        wait_until("its unit to be done", lambda: self.site.mrc("plan").returncode == 2)
        steps = self.planned()
        self.all_drifted(steps)
        self.assertEqual(self.fields(steps["mysql/mysql-master/settings"]), {"read_only": ("ON", "OFF")})
        account = steps["mysql/mysql-master/account"]["diff"]
        self.assertEqual(
            [(line["field"], line["before"], line["after"]) for line in account[:2]],
            [("privilege", "SELECT ON shop.*", None), ("privilege", None, "REPLICATION SLAVE ON *.*")],
        )
        self.assertEqual(account[2]["field"], "password")
        self.assertEqual(
            self.fields(steps["mysql/mysql-slave1/container"]), {"restart policy": ("no", "unless-stopped")}
        )
        source = self.fields(steps["mysql/mysql-slave1/replicate"])
        for field, pair in {
            "Master_Host": ("192.168.0.99", "192.168.0.50"),
            "Master_Port": ("3307", "3306"),
            "Master_User": ("other", "repl"),
            "Auto_Position": ("0", "1"),
            "Slave_IO_Running": ("No", "Yes"),
            "Slave_SQL_Running": ("No", "Yes"),
            "read_only": ("OFF", "ON"),
        }.items():
            self.assertEqual(source[field], pair)
        self.assertIn("password", source)
        self.assertEqual(
            self.fields(steps["mysql/mysql-slave2/container"]),
            {
                "restart policy": ("always", "unless-stopped"),
                "mysqld --max-connections": ("77", None),
                "environment": ("HAND", None),
            },
        )
        self.assertEqual(steps["mysql/mysql-slave2/container"]["change"], "replace")
        self.assertEqual(steps["mysql/mysql-slave1/container"]["change"], "update")

    def test_02_one_apply_mends_it_all(self) -> None:
        before = self.ids()
        self.apply()
        after = self.ids()
        self.assertEqual({h: before[h] for h in ("docker1", "docker2")}, {h: after[h] for h in ("docker1", "docker2")})
        for host in SLAVES:
            status = self.slave_status(host, SERVERS[host])
            self.assertEqual((status["Master_Host"], status["Auto_Position"]), ("192.168.0.50", "1"))
            self.assertTrue(self.replicates(host, SERVERS[host]))
            self.assertEqual(self.site.sql_outside(ADDRESSES[host], "SELECT @@read_only, @@max_connections;"), [["1", "151"]])
            self.assertEqual(
                self.site.sh(host, "docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' " + SERVERS[host]).strip(),
                "unless-stopped",
            )
        grants = self.site.sql_inside("docker1", "mysql-master", "SHOW GRANTS FOR 'repl'@'%'")
        self.assertIn("GRANT REPLICATION SLAVE ON *.*", grants)
        self.assertNotIn("SELECT", grants)
        self.site.sql_outside(ADDRESSES["docker1"], "CREATE TABLE shop.t (i INT PRIMARY KEY);")

    def test_03_stopped_removed_and_paused_ones_come_back_and_a_lost_record_is_written_again(self) -> None:
        self.site.sh("docker1", LOSE_RECORD)
        self.site.sh("docker2", "docker rm -f mysql-slave1")
        # A paused process cannot be killed, so that the lab could not take its host away.
        self.addCleanup(self.site.sh, "docker3", "docker unpause mysql-slave2 2>/dev/null || :")
        self.site.sh("docker3", "docker pause mysql-slave2")
        steps = self.planned()
        self.all_drifted(steps)
        self.assertEqual(steps["mysql/mysql-slave2/start"]["reason"], "it is paused")
        self.assertEqual(steps["mysql/mysql-slave1/container"]["change"], "create")
        lost = {name: step for name, step in steps.items() if name.startswith("mysql/mysql-master/")}
        self.assertEqual({step["reason"] for step in lost.values()}, {"the record on the host lacks it"})
        master = self.ids()["docker1"]
        self.apply()
        self.assertEqual(self.ids()["docker1"], master)
        record = json.loads(self.site.sh("docker1", "cat /var/lib/mrc/blog-2016.json"))["made"]
        for key in ("data", "container", "account"):
            self.assertIn(f"mysql/mysql-master/{key}", record)
        self.assertRegex(record["mysql/mysql-master/container"]["id"], "^sha256:")

    # -- change

    def test_10_another_replication_password_rolls_through_the_slaves(self) -> None:
        self.site.env["MRC_REPL_PASSWORD"] = "n'ew\"\\ $(id) `x` #1"
        steps = self.planned()
        self.assertEqual(
            list(steps), ["mysql/mysql-master/account", "mysql/mysql-slave1/replicate", "mysql/mysql-slave2/replicate"]
        )
        for step in steps.values():
            self.assertEqual([line["field"] for line in step["diff"]], ["password"])
            self.assertEqual(step["cause"], "change")
        self.assertIn("mysql/mysql-slave1/replicate", steps["mysql/mysql-slave2/replicate"]["after"])
        before = self.ids()
        with Writer(self.site, ADDRESSES["docker1"]) as writer:
            self.apply()
            # They have it in store: new connections work too.
            for host in SLAVES:
                self.site.sql_inside(host, SERVERS[host], "STOP SLAVE IO_THREAD; START SLAVE IO_THREAD")
                wait_until(f"the slave on {host}", lambda host=host: self.replicates(host, SERVERS[host]))
            self.site.sh("docker1", "docker restart -t 60 mysql-master")
            self.apply()
        self.assertEqual(before, self.ids())
        self.has_all_rows(writer, *ADDRESSES.values())

    def test_10b_another_password_of_root_comes_to_a_slave_that_is_mended_meanwhile(self) -> None:
        before, word = self.site.root_password, "n'ew\"\\ Root #2"
        self.site.sql_inside("docker2", "mysql-slave1", "STOP SLAVE")
        self.site.env |= {"MRC_ROOT_PASSWORD": word, "MRC_ROOT_PASSWORD_BEFORE": before}
        text = self.changed
        self.use(text.replace("\nmysql:\n", "\nmysql:\n  root_password_before: {env: MRC_ROOT_PASSWORD_BEFORE}\n"))
        steps = self.planned()
        self.assertEqual(set(steps), {f"mysql/{name}/root" for name in SERVERS.values()} | {"mysql/mysql-slave1/replicate"})
        self.assertIn("mysql/mysql-slave1/replicate", steps["mysql/mysql-slave1/root"]["after"])
        ids = self.ids()
        with Writer(self.site, ADDRESSES["docker1"]) as writer:
            self.apply()
            self.site.root_password = word
        self.assertEqual(ids, self.ids())
        for address in ADDRESSES.values():
            with self.assertRaisesRegex(AssertionError, "ERROR 1045"):
                self.site.sql_outside(address, "SELECT 1;", password=before)
        self.has_all_rows(writer, *ADDRESSES.values())
        self.use(text)
        self.apply()

    def test_11_another_image_rolls_slaves_first(self) -> None:
        for host in (*HOSTS, "docker4"):
            self.site.sh(host, "docker tag mysql:5.6 mysql:5.6.24")
        self.use(self.changed.replace("image: mysql:5.6\n", "image: mysql:5.6.24\n"))
        steps = self.planned()
        order = [name for name in steps if name.endswith("/container")]
        self.assertEqual(order[-1], "mysql/mysql-master/container")
        for name in order:
            self.assertEqual(self.fields(steps[name])["image"], ("mysql:5.6", "mysql:5.6.24"))
            self.assertIn("some 15 s", steps[name]["impact"])
        with Writer(self.site, ADDRESSES["docker1"]) as writer:
            self.apply()
        self.has_all_rows(writer, *ADDRESSES.values())
        for host in HOSTS:
            name = self.site.sh(host, f"docker inspect -f '{{{{.Config.Image}}}}' {SERVERS[host]}").strip()
            self.assertEqual(name, "mysql:5.6.24")

    def test_12_another_text_of_restart_is_a_new_container_for_each_slaves_first(self) -> None:
        before = self.ids()
        self.use(self.changed.replace("\nmysql:\n", '\nmysql:\n  restart: "2026-11-26"\n'))
        order = [name for name in self.planned() if name.endswith("/container")]
        self.assertEqual(set(order), {f"mysql/{name}/container" for name in SERVERS.values()})
        self.assertEqual(order[-1], "mysql/mysql-master/container")
        with Writer(self.site, ADDRESSES["docker1"]) as writer:
            self.apply()
        self.has_all_rows(writer, *ADDRESSES.values())
        self.assertTrue(all(now != before[host] for host, now in self.ids().items()))

    def test_13_root_comes_from_where_the_file_says(self) -> None:
        everywhere = self.changed
        self.use(everywhere.replace('root_host: "%"', "root_host: localhost"))
        self.assertEqual(list(self.planned()), ["mysql/mysql-master/root-host"])
        self.apply()
        for address in ADDRESSES.values():
            with self.assertRaisesRegex(AssertionError, "ERROR (1045|1130)"):
                self.site.sql_outside(address, "SELECT 1;")
        self.assertEqual(self.site.mrc("verify").returncode, 0)
        self.use(everywhere)
        self.assertEqual(list(self.planned()), ["mysql/mysql-master/root-host"])
        self.apply()
        for address in ADDRESSES.values():
            self.assertEqual(self.site.sql_outside(address, "SELECT 1;"), [["1"]])

    def test_20_a_slave_that_left_the_file_goes_and_its_data_stays(self) -> None:
        self.use(re.sub(r"    mysql-slave2: .*\n", "", self.changed))
        steps = self.planned()
        self.assertIn("/opt/Docker/mysql-slave2/data", steps["mysql/docker3/mysql-slave2/forget-data"]["reason"])
        self.assertEqual(steps["mysql/docker3/mysql-slave2/remove"]["risk"], "disruptive")
        with Writer(self.site, ADDRESSES["docker1"]) as writer:
            self.apply()
        self.has_all_rows(writer, ADDRESSES["docker2"])
        self.assertNotIn("mysql-slave2", self.site.sh("docker3", "docker ps -a; cat /var/lib/mrc/blog-2016.json"))
        self.assertIn("blog-2016", self.site.sh("docker3", "test -d /opt/Docker/mysql-slave2/data; cat /opt/Docker/mysql-slave2/.mrc"))

    def test_21_added_back_it_takes_up_its_data_and_a_moved_one_is_made_anew(self) -> None:
        back = self.changed.replace(
            "  master: mysql-master", "    mysql-slave2: {host: docker3, address: 192.168.0.52, server_id: 102}\n  master: mysql-master"
        )
        self.use(back.replace("mysql-slave1: {host: docker2", "mysql-slave1: {host: docker4"))
        uuid = self.site.sh("docker3", "cat /opt/Docker/mysql-slave2/data/auto.cnf")
        steps = self.planned()
        self.assertEqual(steps["mysql/mysql-slave2/init"]["title"], "take up the data directory of mysql-slave2")
        self.assertEqual(steps["mysql/mysql-slave1/container"]["host"], "docker4")
        self.assertIn("mysql/docker2/mysql-slave1/remove", steps["mysql/mysql-slave1/container"]["after"])
        with Writer(self.site, ADDRESSES["docker1"]) as writer:
            self.apply()
        self.has_all_rows(writer, ADDRESSES["docker3"], FOURTH)
        self.assertEqual(uuid, self.site.sh("docker3", "cat /opt/Docker/mysql-slave2/data/auto.cnf"))
        self.assertTrue(self.replicates("docker4", "mysql-slave1"))
        self.assertNotIn("mysql-slave1", self.site.sh("docker2", "docker ps -a --format '{{.Names}}'"))
        self.assertEqual(self.site.mrc("verify").returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
