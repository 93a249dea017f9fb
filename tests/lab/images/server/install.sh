#!/bin/sh
# Inside the image: the accounts, places and settings that the official images have.
set -eu
groupadd -r -g 999 mysql 2>/dev/null || groupmod -g 999 mysql
useradd -r -u 999 -g mysql -d /nonexistent -s /usr/sbin/nologin mysql 2>/dev/null || usermod -u 999 -g 999 mysql
mkdir -p /run/mysqld /var/lib/mysql /var/lib/mysql-files /docker-entrypoint-initdb.d /etc/mysql
chown mysql:mysql /run/mysqld /var/lib/mysql /var/lib/mysql-files
rm -rf /etc/mysql/* /etc/my.cnf
. /usr/local/lib/flavour.sh
settings >/etc/mysql/my.cnf
