/* A program that knows nothing of samemap but a POSIX name: it maps the bytes behind it.
 *
 *   linux_read text NAME             prints the UTF-16 text at byte 0, up to its NUL, as UTF-8
 *   linux_read get NAME OFFSET       prints the byte there, in decimal
 *   linux_read put NAME OFFSET BYTE  writes a byte there
 *   linux_read zeros NAME LENGTH     fails unless the first LENGTH bytes are zeros
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static unsigned char *map(const char *name, int writable, size_t *length)
{
    struct stat stat;
    int fd = shm_open(name, writable ? O_RDWR : O_RDONLY, 0);
    if (fd < 0)
        die("shm_open");
    if (fstat(fd, &stat) != 0)
        die("fstat");
    *length = (size_t)stat.st_size;
    int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    void *address = mmap(NULL, *length, protection, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED)
        die("mmap");
    close(fd);
    return address;
}

static void put_utf8(uint32_t c)
{
    if (c < 0x80) {
        putchar((int)c);
    } else if (c < 0x800) {
        putchar((int)(0xC0 | c >> 6));
        putchar((int)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        putchar((int)(0xE0 | c >> 12));
        putchar((int)(0x80 | (c >> 6 & 0x3F)));
        putchar((int)(0x80 | (c & 0x3F)));
    } else {
        putchar((int)(0xF0 | c >> 18));
        putchar((int)(0x80 | (c >> 12 & 0x3F)));
        putchar((int)(0x80 | (c >> 6 & 0x3F)));
        putchar((int)(0x80 | (c & 0x3F)));
    }
}

static void print_text(const unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at + 1 < length; at += 2) {
        uint32_t c = bytes[at] | (uint32_t)bytes[at + 1] << 8;
        if (c == 0)
            break;
        if (c >= 0xD800 && c < 0xDC00 && at + 3 < length) {
            uint32_t low = bytes[at + 2] | (uint32_t)bytes[at + 3] << 8;
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        }
        put_utf8(c);
    }
    putchar('\n');
}

static size_t number(const char *text, size_t less_than)
{
    size_t value = strtoul(text, NULL, 10);
    if (value >= less_than) {
        fprintf(stderr, "%s is out of range\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: linux_read text|get|put|zeros NAME ...\n");
        return 2;
    }
    size_t length;
    unsigned char *bytes = map(argv[2], strcmp(argv[1], "put") == 0, &length);
    if (strcmp(argv[1], "text") == 0) {
        print_text(bytes, length);
    } else if (strcmp(argv[1], "get") == 0 && argc == 4) {
        printf("%u\n", bytes[number(argv[3], length)]);
    } else if (strcmp(argv[1], "put") == 0 && argc == 5) {
        bytes[number(argv[3], length)] = (unsigned char)number(argv[4], 256);
    } else if (strcmp(argv[1], "zeros") == 0 && argc == 4) {
        size_t end = number(argv[3], length + 1);
        for (size_t at = 0; at < end; at++) {
            if (bytes[at] != 0) {
                fprintf(stderr, "byte %zu is %u\n", at, bytes[at]);
                return 1;
            }
        }
    } else {
        return 2;
    }
    return 0;
}
