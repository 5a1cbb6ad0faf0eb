#!/usr/bin/env bash
# By hand, once a release: the image built, the compose file and the unit started as they are.
#
#   apt-get install podman buildah runc netavark aardvark-dns iptables debootstrap
#   pip install podman-compose        (in a venv of its own; put it on PATH)
#   sudo -E tests/deploy/trial.sh     (BUILD_ARGS: more for the builder, such as mounts of your CA files)
#
# Takes root, ten minutes and 4 GB below WORK. No registry of images is asked: Python's base and
# Prometheus are made of Debian's packages, and Grafana is left out. What it opens is in a network
# namespace of its own, so that no port of this machine is used. Exits with 1 at the first thing that isn't so.
set -euo pipefail
cd "$(dirname "$0")/../.."
WORK=${WORK:-/var/tmp/privet-trial}
SPACE=privet-trial
mkdir -p "$WORK"
say() { echo "--- $*"; }

# runc runs on cgroups of either version; limits that a root of any machine may set.
cat > "$WORK/containers.conf" <<CONF
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
CONF
export CONTAINERS_CONF="$WORK/containers.conf"
export PRIVET_GRAFANA_PASSWORD=unused OPENAI_API_KEY=nobodys
inside() { nsenter --net="/run/netns/$SPACE" "$@"; }
compose() { inside podman-compose --project-name "$SPACE" -f "$WORK/deploy/compose.yaml" -f "$WORK/override.yaml" "$@"; }
tidy() {
  compose down --volumes > /dev/null 2>&1 || true
  inside podman rm --force privet-systemd > /dev/null 2>&1 || true
  ip netns delete "$SPACE" 2> /dev/null || true
}
trap tidy EXIT
trap 'echo "not so: line $LINENO"; tail -n 5 "$WORK"/*.log' ERR
tidy
ip netns add "$SPACE"
inside ip link set lo up

base() { # NAME PACKAGES ARGUMENTS…: an image of Debian's packages
  local name=$1 packages=$2; shift 2
  podman image exists "localhost/$name" && return
  say "making $name"
  rm -rf "$WORK/root"
  debootstrap --variant=minbase --include="$packages" bookworm "$WORK/root" > "$WORK/debootstrap.log"
  [ -e "$WORK/root/usr/bin/python3" ] && ln -sf /usr/bin/python3 "$WORK/root/usr/local/bin/python"
  tar -C "$WORK/root" -c . | podman import "$@" - "localhost/$name" > /dev/null
}
base privet-base:trial python3,python3-venv,python3-pip,ca-certificates
base prometheus:trial prometheus -c 'ENTRYPOINT ["/usr/bin/prometheus"]' -c 'USER 65534' \
  -c 'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]' \
  -c 'VOLUME ["/prometheus"]' -c 'WORKDIR /prometheus'

say "building the image"
# shellcheck disable=SC2086
podman build --network host --file deploy/Dockerfile --build-arg BASE=localhost/privet-base:trial \
  ${BUILD_ARGS:-} --tag localhost/privet:0.1.0 . > "$WORK/build.log" 2>&1

say "starting the compose file"
rm -rf "$WORK/deploy"
cp -r deploy "$WORK/deploy"
printf 'services:\n  prometheus:\n    image: localhost/prometheus:trial\n' > "$WORK/override.yaml"
podman run --rm --user 0 --network none --volume "$WORK/deploy:/deploy" localhost/privet:0.1.0 init /deploy/etc > /dev/null
chown -R 10001:10001 "$WORK/deploy/etc"
compose up --detach --no-build privet prometheus > /dev/null

ready='from urllib.request import urlopen; print(urlopen("http://127.0.0.1:8081/readyz", timeout=4).status)'
until_so() { # SECONDS COMMAND…
  local left=$1; shift
  until "$@" > "$WORK/said" 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "not so: $*"; cat "$WORK/said"; podman logs ${SPACE}_privet_1; exit 1; }
    sleep 1
  done
}
asked() { inside curl --silent --fail "http://127.0.0.1:9090/api/v1/$1"; }
until_so 120 podman exec ${SPACE}_privet_1 python -c "$ready"
say "ready; a key that root makes is read"
podman run --rm --user 0 --network none --volume "$WORK/deploy/etc:/etc/privet" localhost/privet:0.1.0 \
  keys create --config /etc/privet/privet.yaml --team trial --app trial > "$WORK/key" 2> /dev/null
until_so 20 inside curl --silent --fail --header "Authorization: Bearer $(cat "$WORK/key")" http://127.0.0.1:8080/v1/models
say "Prometheus reads the metrics and evaluates every alert"
scraped() { asked 'query?query=privet_ready' | grep -q '"check":"audit"'; }
until_so 60 scraped
evaluated() { asked rules | grep -q '"health":"ok"' && ! asked rules | grep -Eq '"health":"(unknown|err)"'; }
until_so 60 evaluated
say "stopping it is a clean end"
inside podman stop --time 60 ${SPACE}_privet_1 > /dev/null
[ "$(podman inspect ${SPACE}_privet_1 --format '{{.State.ExitCode}}')" = 0 ]
compose down --volumes > /dev/null 2>&1

say "starting the unit in a systemd of its own"
printf '%s\n' 'FROM localhost/privet:0.1.0' 'USER root' \
  'RUN apt-get update -q && apt-get install -qy --no-install-recommends systemd systemd-sysv dbus curl procps' \
  'ENTRYPOINT []' 'CMD ["/lib/systemd/systemd"]' |
  podman build --network host ${BUILD_ARGS:-} --tag localhost/privet-systemd:trial - > "$WORK/systemd.log" 2>&1
inside podman run --detach --name privet-systemd --systemd=always --privileged --network none \
  --tmpfs /run --tmpfs /tmp --volume "$PWD/deploy/privet.service:/etc/systemd/system/privet.service:ro" \
  localhost/privet-systemd:trial > /dev/null
until_so 60 podman exec privet-systemd systemctl is-system-running
podman exec --interactive privet-systemd bash -eu <<'INSIDE'
useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin privet
/opt/privet/bin/privet init /etc/privet > /dev/null
sed -i 's#^  dir: audit .*#  dir: /var/lib/privet/audit#; s#{env: OPENAI_API_KEY}#{file: keys/openai}#' /etc/privet/privet.yaml
echo 'admin_listen: 127.0.0.1:8081' >> /etc/privet/privet.yaml
echo nobodys > /etc/privet/keys/openai
chmod 600 /etc/privet/keys/openai
chown -R privet: /etc/privet
systemctl enable --now privet 2> /dev/null
curl --silent --fail http://127.0.0.1:8081/readyz > /dev/null  # at once: start waits until it is
key=$(/opt/privet/bin/privet keys create --config /etc/privet/privet.yaml --team trial --app trial 2> /dev/null)
for _ in $(seq 20); do  # until the key is read
  said=$(curl --silent http://127.0.0.1:8080/v1/chat/completions --header "Authorization: Bearer $key" \
    --header 'Content-Type: application/json' \
    --data '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "I am Jane Hollander."}]}')
  [[ $said == *unauthenticated* ]] || break
  sleep 1
done
[[ $said == *provider_failed* ]]  # detected, decided, masked, on record; there is no network to the provider
systemctl reload privet
for _ in $(seq 20); do journalctl --unit privet | grep -q 'policy loaded' && break; sleep 1; done
journalctl --unit privet | grep -q 'policy loaded'
systemctl stop privet
[ "$(systemctl show --property Result --value privet)" = success ]
/opt/privet/bin/privet audit verify /var/lib/privet/audit --key /etc/privet/keys/log.pub
sed -i 's/^policy:.*/policy: gone.yaml/' /etc/privet/privet.yaml
! systemctl start privet 2> /dev/null  # a start that fails is one
systemctl stop privet
systemd-analyze security --no-pager --threshold=20 privet > /dev/null
INSIDE
say "all of it holds"
