# bash completion for memalotctl; written by 'memalotctl completion bash'.

_memalotctl_program()
{
    local at=2
    while [[ ${COMP_WORDS[at]} == -* ]]; do
        [[ ${COMP_WORDS[at]} == -c || ${COMP_WORDS[at]} == --config ]] && ((at++))
        ((at++))
    done
    if [[ $at -le COMP_CWORD && $(type -t _command_offset) == function ]]; then
        _command_offset "$at"
    elif [[ $at -eq COMP_CWORD ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$1")
    elif [[ $at -lt COMP_CWORD ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$1")
        compopt -o filenames
    fi
}

_memalotctl()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local command=${COMP_WORDS[1]} small=${COMP_WORDS[2]} options='' value='' words=''
    [[ $cur == = ]] && cur=''
    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}
    if [[ $COMP_CWORD -eq 1 ]]; then
        command='' words='run status rm config help' options='--help --version'
    fi
    case $command in
    run)
        options='--help'
        words=program
        ;;
    status)
        options='--config --svg --type --limit --color'
        case $prev in
        --config|-c) value='files' ;;
        --svg) value='directories' ;;
        --type) value='nothing' ;;
        --limit) value='nothing' ;;
        --color) value='auto always never' ;;
        esac
        words=targets
        ;;
    rm)
        options='--help'
        words=reports
        ;;
    config)
        options='--help'
        case $COMP_CWORD,$small in
        2,*) words='check show list' ;;
        *,check) words=files ;;
        *,show) words=targets ;;
        *,list) words=nothing ;;
        esac
        ;;
    esac
    [[ -z $value ]] || words=$value
    [[ -n $value || $cur != -* ]] || words=$options
    case $words in
    nothing) ;;
    program) _memalotctl_program "$cur" ;;
    files|directories)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen "-${words:0:1}" -- "$cur")
        ;;
    targets|reports)
        words=$(memalotctl completion "$words" 2>/dev/null | cut -f 1)
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur") ;;
    esac
}

complete -F _memalotctl memalotctl
