# fish completion for memalotctl; written by 'memalotctl completion fish'.

function __memalotctl_at
    set -l words (commandline -opc)
    test (count $words) -ge (math (count $argv) + 1)
    and test "$words[2]" = "$argv[1]"
    and begin
        test (count $argv) -lt 2
        or test "$words[3]" = "$argv[2]"
    end
end

function __memalotctl_count
    test (count (commandline -opc)) -eq $argv[1]
end

function __memalotctl_program
    set -l at 3
    set -l words (commandline -opc)
    while string match -q -- '-*' $words[$at]
        contains -- $words[$at] -c --config
        and set at (math $at + 1)
        set at (math $at + 1)
    end
    __fish_complete_subcommand --fcs-skip=(math $at - 1)
end

complete -c memalotctl -f

complete -c memalotctl -n '__memalotctl_count 1' -a run -d 'Start it'
complete -c memalotctl -n '__memalotctl_at run' -l help -s h -d 'print this and end'
complete -c memalotctl -n '__memalotctl_at run' -a '(__memalotctl_program)'

complete -c memalotctl -n '__memalotctl_count 1' -a status -d 'What it\'s doing'
complete -c memalotctl -n '__memalotctl_at status' -l config -s c -r -F -d 'a file: \\ \'quoted\' [sic]'
complete -c memalotctl -n '__memalotctl_at status' -l svg -x -a '(__fish_complete_directories)' -d 'a directory'
complete -c memalotctl -n '__memalotctl_at status' -l type -x -d 'may come again'
complete -c memalotctl -n '__memalotctl_at status' -l limit -x -d 'a number'
complete -c memalotctl -n '__memalotctl_at status' -l color -x -a 'auto always never' -d 'colours; auto: on a terminal, unless NO_COLOR is set'
complete -c memalotctl -n '__memalotctl_at status' -a '(memalotctl completion targets 2>/dev/null)'

complete -c memalotctl -n '__memalotctl_count 1' -a rm -d 'Remove reports'
complete -c memalotctl -n '__memalotctl_at rm' -l help -s h -d 'print this and end'
complete -c memalotctl -n '__memalotctl_at rm' -k -a '(memalotctl completion reports 2>/dev/null)'

complete -c memalotctl -n '__memalotctl_count 1' -a config -d 'Small words'
complete -c memalotctl -n '__memalotctl_at config' -l help -s h -d 'print this and end'
complete -c memalotctl -n '__memalotctl_at config; and __memalotctl_count 2' -a check
complete -c memalotctl -n '__memalotctl_at config check' -F
complete -c memalotctl -n '__memalotctl_at config; and __memalotctl_count 2' -a show
complete -c memalotctl -n '__memalotctl_at config show' -a '(memalotctl completion targets 2>/dev/null)'
complete -c memalotctl -n '__memalotctl_at config; and __memalotctl_count 2' -a list
