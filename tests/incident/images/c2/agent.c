/* What the attacker drops: `agent HOST PORT` keeps a connection, `agent HOST PORT burn` keeps a core half busy too.
   It does nothing else, and ends when the other side does. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (argc < 3) return 2;
    to.sin_port = htons(atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (struct sockaddr *)&to, sizeof to)) return 1;
    const char *hello = argc > 3 ? "{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"w1\"}}\n" : "here\n";
    for (;;) {
        if (write(s, hello, strlen(hello)) < 0) return 0;
        for (int i = 0; i < 50; i++) {
            clock_t until = clock() + (argc > 3 ? CLOCKS_PER_SEC / 25 : 0);
            while (clock() < until) ;
            usleep(60000);
        }
    }
}
