# Completion of mpsmtpd's command line for bash, with bash-completion. The program itself knows what may stand next:
# mpsmtpd --complete WORD… prints it, a line each, with a sentence behind a tab that bash has no place for.

_mpsmtpd()
{
    local cur words cword line paths='' breaks='' prefix=''
    _get_comp_words_by_ref -n =: cur words cword || return
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files | :folders) paths=$line ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${words[0]/#\~/$HOME}" --complete "${words[@]:1:cword}" 2>/dev/null)

    # To readline a word begins behind a break, so that it wants only what goes on from there.
    [[ $COMP_WORDBREAKS != *=* ]] || breaks+='='
    [[ $COMP_WORDBREAKS != *:* ]] || breaks+=':'
    if [[ -n $breaks ]]; then
        prefix=${cur%"${cur##*[$breaks]}"}
        COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    fi
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[=:/] ]]; then
        compopt -o nospace
    fi

    cur=${cur##*=}
    case $paths in
        :files) _filedir ;;
        :folders) _filedir -d ;;
    esac
} &&
    complete -F _mpsmtpd mpsmtpd
