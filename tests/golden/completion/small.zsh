#compdef memalotctl
# zsh completion for memalotctl; written by 'memalotctl completion zsh'.

_memalotctl_ask() {
    local -a found
    found=(${(f)"$(memalotctl completion $1 2>/dev/null)"})
    found=(${${found//:/\\:}/$'\t'/:})
    _describe -V $1 ${1%s} found
}

_memalotctl() {
    local -a known=(
        'run:Start it'
        'status:What it'\''s doing'
        'rm:Remove reports'
        'config:Small words'
    )
    if (( CURRENT == 2 )); then
        _describe command known
        return
    fi
    shift words
    (( CURRENT-- ))
    case $words[1] in
    run)
        _arguments -s \
            '(-h --help)'{-h,--help}'[print this and end]' \
            '(-)1: : _command_names -e' '*:: :_normal'
        ;;
    status)
        _arguments -s \
            '(-c --config)'{-c,--config=}'[a file\: \\ '\''quoted'\'' \[sic\]]:FILE:_files' \
            '--svg=[a directory]:DIR:_files -/' \
            '*--type=[may come again]:SUBSTR: ' \
            '--limit=[a number]:N: ' \
            '--color=[colours; auto\: on a terminal, unless NO_COLOR is set]:word:(auto always never)' \
            '1: : _memalotctl_ask targets'
        ;;
    rm)
        _arguments -s \
            '(-h --help)'{-h,--help}'[print this and end]' \
            '*: : _memalotctl_ask reports'
        ;;
    config)
        _arguments -s \
            '(-h --help)'{-h,--help}'[print this and end]' \
            '1:word:(check show list)' \
            '*:: :{ case $words[1] in check) _files ;; show)  _memalotctl_ask targets ;; esac }'
        ;;
    esac
}

if [[ $funcstack[1] == _memalotctl ]]; then
    _memalotctl "$@"
else
    compdef _memalotctl memalotctl
fi
