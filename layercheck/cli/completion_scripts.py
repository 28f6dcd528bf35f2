"""The completion scripts themselves, for bash (3.2 and newer), zsh and fish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .completion_words import DEFAULT, Command, Option, Value, valued

_BASH = """\
# Completion of layercheck for bash; made by 'layercheck completion bash'.
_layercheck() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev= command= value= word words i
  (( COMP_CWORD > 0 )) && prev=${COMP_WORDS[COMP_CWORD-1]}
  # --option=value comes as three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for (( i = 1; i < COMP_CWORD; i++ )); do
    word=${COMP_WORDS[i]}
    if [[ -n $value ]]; then
      [[ $word == = ]] || value=
      continue
    fi
    case $word in
      @VALUED@) value=1 ;;
      -?* | =) ;;
      @COMMANDS@) command=$word; break ;;
      *) command=check; break ;;
    esac
  done
  COMPREPLY=()
  case "${command:-check} $prev" in
@VALUES@
  esac
  if [[ $cur == -?* || $cur == - ]]; then
    case ${command:-check} in
@OPTIONS@
    esac
  elif [[ -z $command ]]; then
    words="@NAMES@"
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    while IFS= read -r word; do
      COMPREPLY+=("$word")
    done < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null
    return
  else
    case $command in
@ARGUMENTS@
      *) return ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _layercheck layercheck
"""

_ZSH = """\
#compdef layercheck
# Completion of layercheck for zsh; made by 'layercheck completion zsh'.
_layercheck() {
  local -a commands
  local command= value= word
  integer i
  commands=(
@NAMES@
  )
  for (( i = 2; i < CURRENT; i++ )); do
    word=$words[i]
    if [[ -n $value ]]; then
      value=
      continue
    fi
    case $word in
      (@VALUED@) value=1 ;;
      (-?*) ;;
      (@COMMANDS@)
        command=$word
        words[i]=()
        (( CURRENT-- ))
        break ;;
      (*) command=check; break ;;
    esac
  done
  if [[ -z $command ]]; then
    [[ -z $value && $words[CURRENT] != -* ]] && _describe -t commands command commands
    command=check
  fi
  case $command in
@SPECS@
  esac
}
if [[ $funcstack[1] == _layercheck ]]; then
  _layercheck "$@"
else
  compdef _layercheck layercheck
fi
"""

_FISH = """\
# Completion of layercheck for fish; made by 'layercheck completion fish'.
function __layercheck_command
    set -l value 0
    for word in (commandline -opc)[2..-1]
        if test $value = 1
            set value 0
            continue
        end
        switch $word
            case @VALUED@
                set value 1
            case '-?*'
            case @COMMANDS@
                echo $word
                return
            case '*'
                echo check
                return
        end
    end
end
function __layercheck_is
    set -l command (__layercheck_command)
    test "$command" = $argv[1]; or test -z "$command" -a $argv[1] = check
end
"""


def bash(found: Sequence[Command]) -> str:
    """For bash. Names of files are left to readline."""
    values, options, arguments = [], [], []
    for command in found:
        for option in command.options:
            if option.value is not None:
                places = " | ".join(f'"{command.name} {name}"' for name in option.names)
                if option.value.words:
                    reply = f'COMPREPLY=($(compgen -W "{" ".join(option.value.words)}" -- "$cur"))'
                    values.append(f"    {places}) {reply}; return ;;")
                else:
                    values.append(f"    {places}) return ;;")
        names = " ".join(name for option in command.options for name in option.names)
        options.append(f'      {command.name}) words="{names}" ;;')
        words = " ".join(word for value in command.values for word in value.words)
        if words:
            arguments.append(f'      {command.name}) words="{words}" ;;')
    return _filled(
        _BASH,
        found,
        " | ",
        {"VALUES": values, "OPTIONS": options, "ARGUMENTS": arguments},
        " ".join(command.name for command in found),
    )


def zsh(found: Sequence[Command]) -> str:
    """For zsh: in a file _layercheck of $fpath, or by source."""
    names = "\n".join("    " + _quoted(f"{item.name}:{_plain(item.purpose)}") for item in found)
    specs = []
    for command in found:
        specs += [f"    ({command.name})", "      _arguments -s -S : \\"]
        lines = [line for option in command.options for line in _zsh_option(option)]
        lines += [_quoted(f"{_star(command)}:{value.name}:{_zsh_value(value)}") for value in command.values]
        specs += [f"        {line} \\" for line in lines[:-1]] + [f"        {lines[-1]} ;;"]
    return _filled(_ZSH, found, "|", {"SPECS": specs}, names)


def _star(command: Command) -> str:
    """Several inputs for a check; OLD and NEW, or one argument, for the others."""
    return "*" if command.name == DEFAULT else ""


def _zsh_option(option: Option) -> Iterator[str]:
    for name in option.names:
        star = "*" if option.repeats else ""
        if option.value is None:
            yield _quoted(f"{star}{name}[{_plain(option.help)}]")
        else:
            glue = "=" if name.startswith("--") else "+"
            yield _quoted(f"{star}{name}{glue}[{_plain(option.help)}]:{option.value.name}:{_zsh_value(option.value)}")


def _zsh_value(value: Value) -> str:
    return "_files" if value.files else f"({' '.join(value.words)})" if value.words else " "


def _plain(text: str) -> str:
    """A help text without what zsh takes for its own signs."""
    return text.translate({ord("["): "(", ord("]"): ")", ord(":"): ",", ord("\\"): "/"})


def _quoted(text: str) -> str:
    """In single quotes for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def fish(found: Sequence[Command]) -> str:
    """For fish: in its completions directory, or by source."""
    lines = []
    for command in found:
        told = f"-a {command.name} -d {_fish(command.purpose)}"
        lines.append(f"complete -c layercheck -n 'test -z (__layercheck_command)' {told}")
    for command in found:
        start = f"complete -c layercheck -n '__layercheck_is {command.name}'"
        for option in command.options:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            lines.append(f"{start} {names}{_fish_value(option.value)} -d {_fish(option.help)}")
        words = " ".join(word for value in command.values for word in value.words)
        if words:
            lines.append(f"{start} -f -a {_fish(words)}")
        elif not command.values:
            lines.append(f"{start} -f")
    return _filled(_FISH, found, " ", {}, "") + "\n".join(lines) + "\n"


def _fish_value(value: Value | None) -> str:
    if value is None:
        return ""
    if value.files:
        return " -r -F"
    return f" -x -a {_fish(' '.join(value.words))}" if value.words else " -x"


def _fish(text: str) -> str:
    """In single quotes for fish."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _filled(template: str, found: Sequence[Command], between: str, parts: dict[str, list[str]], names: str) -> str:
    text = template.replace("@VALUED@", between.join(valued(found)))
    text = text.replace("@COMMANDS@", between.join(command.name for command in found)).replace("@NAMES@", names)
    for name, lines in parts.items():
        text = text.replace(f"@{name}@", "\n".join(lines))
    return text
