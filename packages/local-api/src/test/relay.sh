# A program in one connection: sends what comes on its input (each request ended by a zero byte), answers with the bodies, likewise ended.
# `become:PATH` makes it another program that keeps the connection, as exec does.
[ "$1" = inherited ] || exec 3<>"/dev/tcp/127.0.0.1/$1"
while IFS= read -r -d '' request; do
  case $request in
  become:*) exec "${request#become:}" "$0" inherited ;;
  esac
  printf '%s' "$request" >&3
  length=0
  while IFS= read -r line <&3; do
    line=${line%$'\r'}
    [ -z "$line" ] && break
    [[ $line =~ ^[Cc]ontent-[Ll]ength:\ ([0-9]+)$ ]] && length=${BASH_REMATCH[1]}
  done
  IFS= LC_ALL=C read -r -N "$length" body <&3
  printf '%s\0' "$body"
done
