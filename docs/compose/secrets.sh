# Creates the secrets of docker-compose.yml, so that no file of the repository contains one. Existing
# ones stay: PostgreSQL was set up with its password, session cookies are signed with another, and
# the secrets of two-factor authentication are encrypted with a third.
#
# The argument is a folder with four folders in it: `kept` has every secret, and only this script reads
# it. `postgres`, `role` and `app` are volumes with copies for one service each.
set -eu
cd "$1"

# Writes under another name first, so that a secret is complete or absent. Readable by every user: the
# services run as different users, and each sees only its own folder.
put() {
  rm -f "$1.new"
  printf %s "${2:?is empty}" > "$1.new"
  chmod 444 "$1.new"
  sync "$1.new"
  mv -f "$1.new" "$1"
}
keep() {
  [ -s "kept/$1" ] || put "kept/$1" "$(od -vAn -N32 -tx1 /dev/urandom | tr -d ' \n')"
}

keep postgres-password
keep app-password
keep session-secret
keep encryption-key

put postgres/password "$(cat kept/postgres-password)"
put role/postgres-password "$(cat kept/postgres-password)"
put role/app-password "$(cat kept/app-password)"
put app/database-url "postgres://app:$(cat kept/app-password)@postgres:5432/keys"
put app/session-secret "$(cat kept/session-secret)"
put app/encryption-key "$(cat kept/encryption-key)"
