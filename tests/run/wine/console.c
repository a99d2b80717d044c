/* console.exe FILE COMMAND: starts a command in a process group of its own, and gives that group Ctrl-Break as soon as the file is
 * there. Ends as the command does. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

int main(int count, char **arguments) {
    char line[32768] = "";
    for (int i = 2; i < count; i++) {
        strcat(strcat(strcat(line, "\""), arguments[i]), "\" ");
    }
    STARTUPINFOA start = {sizeof start};
    PROCESS_INFORMATION process;
    if (count < 3 || !CreateProcessA(NULL, line, NULL, NULL, TRUE, CREATE_NEW_PROCESS_GROUP, NULL, NULL, &start, &process)) {
        fprintf(stderr, "the command cannot be started: %lu\n", GetLastError());
        return 99;
    }
    while (GetFileAttributesA(arguments[1]) == INVALID_FILE_ATTRIBUTES) {
        Sleep(20);
    }
    if (!GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, process.dwProcessId)) {
        fprintf(stderr, "Ctrl-Break cannot be given: %lu\n", GetLastError());
        return 98;
    }
    DWORD code = 97;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
