#!/bin/bash
# A Lambda function for OS-only runtimes (provided.al2, provided.al2023) that returns the libraries of its environment,
# for `layercheck capture`. Save it as bootstrap with execute permission, give it 1024 MB and two minutes, invoke it, and
# hand its response to `layercheck capture`. It reads files and changes nothing. It needs bash, od, awk, sed and stat,
# which these runtimes have; they have no curl (al2), gzip, tar or find.
# With AWS_LAMBDA_RUNTIME_API unset it prints the capture instead.
export LC_ALL=C
shopt -s dotglob nullglob

# One line for each thing worth telling; ELF files and whole files are told by their path and read below.
walk() {
  local path name target
  for path in "$1"/*; do
    name=${path##*/}
    # A name with a line break or a tab cannot be told in a line.
    [[ $name == *[[:cntrl:]]* ]] && continue
    if [[ -L $path ]]; then
      target=$(readlink "$path")
      [[ $target == *[[:cntrl:]]* ]] || printf 'L\t%s\t%s\n' "$path" "$target"
    elif [[ -d $path ]]; then
      [[ $name == lib*.so* || $name == *.dist-info || $name == *.egg-info ]] && printf 'D\t%s\n' "$path"
      case $path in /proc | /sys | /dev | /tmp | /opt | /var/task) ;; *) walk "$path" ;; esac
    elif [[ -f $path ]]; then
      tell "$path" "$name" "$1"
    fi
  done
}

tell() {
  local path=$1 name=$2 folder=$3 kind=F magic='' x=0 whole=0
  if [[ ! -r $path ]]; then
    [[ $name == lib*.so* ]] && printf 'U\t%s\n' "$path"
    return
  fi
  [[ -x $path ]] && x=1
  # Nearly all files are told apart without starting a program.
  { IFS= read -r -d '' -N 4 magic <"$path"; } 2>/dev/null
  [[ $magic == $'\x7fELF' ]] && kind=E
  case $path in /etc/ld.so.cache | /etc/ld-musl-*.path | */ld-*.so*) whole=1 ;; esac
  if [[ $kind == E || $whole == 1 || $name == lib*.so* || $name == *.egg-info ]] ||
    [[ $x == 1 && ($folder == */bin || $folder == */sbin) ]]; then
    printf '%s\t%s\t%s\t%s\t%s\n' "$kind" "$path" "$(stat -c %s "$path")" "$x" "$whole"
  fi
}

# Adds the pieces of files. B holds the bytes read of one file by their offset, in decimal.
read -r -d '' PIECES <<'AWK'
function read(offset, length_,   command, line, parts, count, i, at) {
  if (length_ <= 0) return 0
  at = offset
  command = "od -An -v -tu1 -j " offset " -N " length_ " '" quoted "' 2>/dev/null"
  while ((command | getline line) > 0) {
    count = split(line, parts, " ")
    for (i = 1; i <= count; i++) B[at++] = parts[i]
  }
  close(command)
  return at - offset
}
function tell(offset, length_,   text, i) {
  text = ""
  for (i = offset; i < offset + length_ && (i in B); i++) text = text HEX[B[i] + 0]
  if (text != "") printf "\t%d:%s", offset, text
}
function whole(size,   command, line) {
  printf "\t0:"
  command = "od -An -v -tx1 -N " size " '" quoted "' 2>/dev/null"
  while ((command | getline line) > 0) { gsub(/ /, "", line); printf "%s", line }
  close(command)
}
function number(at, size,   value, i) {
  value = 0
  for (i = size - 1; i >= 0; i--) value = value * 256 + B[at + i]
  return value
}
function place(address,   i) {
  for (i = 0; i < loads; i++)
    if (address >= START[i] && address < START[i] + SIZE[i]) return address - START[i] + AT[i]
  return -1
}
function need(at, count,   aux, inner) {
  for (; count > 0 && at >= 0; count--) {
    tell(at, 16); NAME[number(at + 4, 4)] = 1
    aux = at + number(at + 8, 4)
    for (inner = number(at + 2, 2); inner > 0; inner--) {
      tell(aux, 16); NAME[number(aux + 8, 4)] = 1
      aux += number(aux + 12, 4)
    }
    if (!number(at + 12, 4)) return
    at += number(at + 12, 4)
  }
}
function define(at, count,   aux) {
  for (; count > 0 && at >= 0; count--) {
    aux = at + number(at + 12, 4)
    tell(at, 20); tell(aux, 8); NAME[number(aux, 4)] = 1
    if (!number(at + 16, 4)) return
    at += number(at + 16, 4)
  }
}
function least(a, b) { return a < b ? a : b }
function elf(   start, count, at, kind, offset, size, dynamic, tag, name, strings, from, last) {
  read(0, 4096); tell(0, 64)
  if (B[4] != 2 || B[5] != 1) return
  start = number(32, 8); count = least(number(56, 2), 512)
  if (start + 56 * count > 4096) read(start, 56 * count)
  tell(start, 56 * count)
  loads = 0; dynamic = -1
  for (at = start; at < start + 56 * count; at += 56) {
    kind = number(at, 4); offset = number(at + 8, 8); size = number(at + 32, 8)
    if (kind == 1) { START[loads] = number(at + 16, 8); SIZE[loads] = size; AT[loads++] = offset }
    else if (kind == 2) { dynamic = offset; last = least(size, 65536); read(offset, last); tell(offset, last) }
    else if (kind == 3 || kind == 4 || kind == 1685382483) {
      if (offset + size > 4096) read(offset, least(size, 4096))
      tell(offset, least(size, 4096))
    }
  }
  if (dynamic < 0) return
  split("", TAG); split("", NAME)
  for (at = dynamic; at + 16 <= dynamic + last && (tag = number(at, 8)) != 0; at += 16) {
    TAG[tag] = number(at + 8, 8)
    if (tag == 1 || tag == 14 || tag == 15 || tag == 29 || tag == 2147483645 || tag == 2147483647) NAME[TAG[tag]] = 1
  }
  if (1879048190 in TAG) { at = place(TAG[1879048190]); if (at >= 0) { read(at, 16384); need(at, TAG[1879048191]) } }
  if (1879048188 in TAG) { at = place(TAG[1879048188]); if (at >= 0) { read(at, 16384); define(at, TAG[1879048189]) } }
  strings = (5 in TAG) ? place(TAG[5]) : -1
  if (strings < 0) return
  # The strings needed lie close together, mostly: read what spans them, when that is not too much.
  from = -1; last = 0
  for (name in NAME) { if (from < 0 || name + 0 < from) from = name + 0; if (name + 0 > last) last = name + 0 }
  if (last - from < 262144) read(strings + from, last - from + 256)
  for (name in NAME) {
    at = strings + name
    if (last - from >= 262144) read(at, 512)
    for (count = 0; count < 4096 && B[at + count] != 0; count++) ;
    tell(at, count + 1)
  }
}
BEGIN { FS = "\t"; for (i = 0; i < 256; i++) HEX[i] = sprintf("%02x", i) }
$1 != "E" && $1 != "F" { print; next }
{
  printf "%s\t%s\t%s\t%s", $1, $2, $3, $4
  split("", B)
  quoted = $2; gsub(/'/, "'\\''", quoted)
  if ($5 == 1) whole(least($3, 4194304))
  else if ($1 == "E") elf()
  print ""
}
AWK

capture() {
  {
    printf 'V\tPATH\t%s\n' "$PATH"
    [[ -n ${LD_LIBRARY_PATH+set} ]] && printf 'V\tLD_LIBRARY_PATH\t%s\n' "$LD_LIBRARY_PATH"
    walk ""
  } | awk "$PIECES" | sed -e 's/\\/\\\\/g; s/"/\\"/g; s/\t/\\t/g; s/^/"/; s/$/"/; $!s/$/,/' |
    { printf '{"layercheck_capture": 1, "lines": [\n'; cat; printf ']}\n'; }
}

# One request to the runtime API, without curl; its header lines go to the variable HEADERS.
request() {
  local line
  exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API##*:}"
  printf '%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "$AWS_LAMBDA_RUNTIME_API" "${#3}" "$3" >&3
  HEADERS=
  while IFS= read -r line <&3 && [[ $line != $'\r' ]]; do
    HEADERS+=${line%$'\r'}$'\n'
  done
  exec 3>&-
}

if [[ -z ${AWS_LAMBDA_RUNTIME_API:-} ]]; then
  capture
  exit
fi
while true; do
  request GET next ''
  id=$(printf '%s' "$HEADERS" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p')
  [[ -n $id ]] || exit 1
  request POST "$id/response" "$(capture)"
done
