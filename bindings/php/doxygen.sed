# Attributes.
s/#\[[^]]*\]//
# Enumerations as classes of constants.
s/^enum ([A-Za-z]+): string/final class \1/
s/^    case ([A-Z][A-Za-z]*) = /    const \1 = /
# The function that is declared under a condition, without that.
/^if \(!\\function_exists/ {
    s/.*/X/
    h
    s/X//
}
/^}/ {
    x
    /X/ {
        s/X//
        x
        d
    }
    x
}
# Comments: no links in braces, no types before names; backslashes, brackets, and quotes within code as they stand.
/^ *(\/\*\*|\*)/ {
    s/\{@see ([^}]*)\}/\1/g
    s/@param +[^$]*\$/@param $/
    s/@var +//
    s/@internal/@private/
    s/\\/\\\\/g
    s/</\&lt;/g
    s/`([^`]*)`/``\1``/g
}
