/* Starts the program of its command line and ends as that ends. wine 8 now and then kills a program that has ended and still has
 * threads, and its exit code is lost; this one has no other thread, and asks wine's server, which remembers the code. */
#include <windows.h>

int main(void) {
    WCHAR *line = GetCommandLineW();
    STARTUPINFOW how = {sizeof how};
    PROCESS_INFORMATION program;
    DWORD code;
    BOOL quoted = FALSE;

    for (; *line && (quoted || *line != L' '); line++)
        if (*line == L'"') quoted = !quoted;
    while (*line == L' ') line++;
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &how, &program)) return 127;
    WaitForSingleObject(program.hProcess, INFINITE);
    return GetExitCodeProcess(program.hProcess, &code) ? (int)code : 126;
}
