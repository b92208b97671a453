#!/bin/sh
# Makes the passwords, tokens and keys that compose.yaml reads, each in a file of its own:
#
#   sh deploy/secrets.sh             into deploy/secrets/
#   sh deploy/secrets.sh FOLDER
set -eu

folder=${1:-$(dirname "$0")/secrets}
if [ -e "$folder" ]; then
    printf '%s\n' "$folder is there already, and the databases know its passwords. Nothing was changed." >&2
    exit 1
fi

new() { od -An -N 32 -t x1 /dev/urandom | tr -d ' \n'; }

# Nobody else can enter the folder. The files are readable, because each container reads its own as another user.
umask 022
mkdir -m 700 "$folder"
new >"$folder/chat-token"
new >"$folder/postgres-password"

milvus=$(new)
key=$(new)
printf 'root:%s' "$milvus" >"$folder/milvus-token"
cat >"$folder/milvus.yaml" <<EOF
common:
  security:
    authorizationEnabled: true
    # For new volumes. Later, root's password is changed in Milvus.
    defaultRootPassword: "$milvus"
minio:
  accessKeyID: milvus
  secretAccessKey: "$key"
EOF
cat >"$folder/store.json" <<EOF
{
  "identities": [
    {
      "name": "milvus",
      "credentials": [{"accessKey": "milvus", "secretKey": "$key"}],
      "actions": ["Admin", "Read", "Write", "List", "Tagging"]
    }
  ]
}
EOF
printf '%s\n' "The passwords are in $folder."
