/*
 * The least that a FUSE server can cost: floor LOWER[:LOWER...] POINT
 *
 * Reads the merged tree into memory, mounts it, and then answers from there: two threads, one read(2) and one
 * write(2) for each request, and no other system call. It agrees on the same features with the kernel as the
 * union's kernel transport in its cached profile. What is written stays in memory and is gone at the end. How
 * long a workload takes here is what the kernel and its FUSE client need for it; no server is faster.
 *
 * For trees of a benchmark: files, directories and symbolic links without marks of overlayfs.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOREVER 0x3fffffff
#define MOST (1 << 20)
#define ROOM (MOST + (128 << 10))

struct entry {
	struct node *node;
	struct entry *next_in_hash, *before, *after;
	uint64_t place;
	int length;
	char name[];
};

struct node {
	struct fuse_attr attr;
	struct node *parent;
	char *data;
	uint64_t room;
	struct entry **hash;
	uint32_t hash_size, children;
	uint64_t places;
	struct entry *first, *last;
};

static struct node *root;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t inodes;
static int device;

static void *need(void *memory)
{
	if (!memory) {
		perror("floor");
		exit(1);
	}
	return memory;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- the tree ------------------------------------------------------------------------------------------- */

static struct node *new_node(struct node *parent, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct node *node = need(calloc(1, sizeof *node));
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct fuse_attr *a = &node->attr;
	a->ino = ++inodes;
	a->mode = mode;
	a->nlink = S_ISDIR(mode) ? 2 : 1;
	a->uid = uid;
	a->gid = gid;
	a->blksize = 4096;
	a->atime = a->mtime = a->ctime = now.tv_sec;
	a->atimensec = a->mtimensec = a->ctimensec = now.tv_nsec;
	node->parent = parent;
	return node;
}

static uint32_t hash_of(const char *name, int length)
{
	uint32_t hash = 2166136261u;
	for (int i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

static struct entry *find(struct node *dir, const char *name)
{
	int length = strlen(name);
	if (!dir->hash_size)
		return NULL;
	struct entry *e = dir->hash[hash_of(name, length) & (dir->hash_size - 1)];
	while (e && (e->length != length || memcmp(e->name, name, length)))
		e = e->next_in_hash;
	return e;
}

static void grow(struct node *dir)
{
	if (dir->children < dir->hash_size)
		return;
	dir->hash_size = dir->hash_size ? 2 * dir->hash_size : 8;
	free(dir->hash);
	dir->hash = need(calloc(dir->hash_size, sizeof *dir->hash));
	for (struct entry *e = dir->first; e; e = e->after) {
		struct entry **bucket = &dir->hash[hash_of(e->name, e->length) & (dir->hash_size - 1)];
		e->next_in_hash = *bucket;
		*bucket = e;
	}
}

static void add(struct node *dir, const char *name, struct node *node)
{
	grow(dir);
	int length = strlen(name);
	struct entry *e = need(calloc(1, sizeof *e + length + 1));
	memcpy(e->name, name, length);
	e->length = length;
	e->node = node;
	e->place = ++dir->places;
	struct entry **bucket = &dir->hash[hash_of(name, length) & (dir->hash_size - 1)];
	e->next_in_hash = *bucket;
	*bucket = e;
	e->before = dir->last;
	*(dir->last ? &dir->last->after : &dir->first) = e;
	dir->last = e;
	dir->children++;
	if (S_ISDIR(node->attr.mode))
		dir->attr.nlink++;
}

/* The node stays: the kernel may hold it open, and a benchmark ends soon. */
static void take_out(struct node *dir, struct entry *e)
{
	struct entry **at = &dir->hash[hash_of(e->name, e->length) & (dir->hash_size - 1)];
	while (*at != e)
		at = &(*at)->next_in_hash;
	*at = e->next_in_hash;
	*(e->before ? &e->before->after : &dir->first) = e->after;
	*(e->after ? &e->after->before : &dir->last) = e->before;
	dir->children--;
	if (S_ISDIR(e->node->attr.mode))
		dir->attr.nlink--;
	free(e);
}

static void resize(struct node *node, uint64_t size)
{
	if (size > node->room) {
		uint64_t room = size > 2 * node->room ? size : 2 * node->room;
		node->data = need(realloc(node->data, room));
		memset(node->data + node->room, 0, room - node->room);
		node->room = room;
	} else if (size < node->attr.size) {
		memset(node->data + size, 0, node->attr.size - size);
	}
	node->attr.size = size;
	node->attr.blocks = (size + 511) / 512;
}

static void load_content(struct node *node, int dir, const char *name, uint64_t size)
{
	resize(node, size);
	if (S_ISLNK(node->attr.mode)) {
		if (readlinkat(dir, name, node->data, size) != (ssize_t)size)
			die(name);
		return;
	}
	int file = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t done = 0;
	ssize_t got = 1;
	while (file >= 0 && done < size && (got = read(file, node->data + done, size - done)) > 0)
		done += got;
	if (file < 0 || got <= 0)
		die(name);
	close(file);
}

static void take_attributes(struct node *node, const struct stat *s)
{
	struct fuse_attr *a = &node->attr;
	a->mode = s->st_mode;
	a->uid = s->st_uid;
	a->gid = s->st_gid;
	a->atime = s->st_atim.tv_sec, a->atimensec = s->st_atim.tv_nsec;
	a->mtime = s->st_mtim.tv_sec, a->mtimensec = s->st_mtim.tv_nsec;
	a->ctime = s->st_ctim.tv_sec, a->ctimensec = s->st_ctim.tv_nsec;
	if (S_ISDIR(s->st_mode))
		a->size = 4096, a->blocks = 8;
}

/* Adds what a layer has to what those above it have. */
static void load(struct node *dir, int fd)
{
	DIR *listing = need(fdopendir(fd));
	struct dirent *d;
	while ((d = readdir(listing))) {
		struct stat s;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (fstatat(fd, d->d_name, &s, AT_SYMLINK_NOFOLLOW))
			die(d->d_name);
		struct entry *above = find(dir, d->d_name);
		struct node *node = above ? above->node : new_node(dir, s.st_mode, 0, 0);
		if (!above) {
			take_attributes(node, &s);
			add(dir, d->d_name, node);
			if (S_ISREG(s.st_mode) || S_ISLNK(s.st_mode))
				load_content(node, fd, d->d_name, s.st_size);
		}
		if (S_ISDIR(s.st_mode) && S_ISDIR(node->attr.mode)) {
			int below = openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (below < 0)
				die(d->d_name);
			load(node, below);
		}
	}
	closedir(listing);
}

static void load_layers(char *layers)
{
	root = new_node(NULL, S_IFDIR | 0755, 0, 0);
	bool top = true;
	for (char *layer = strtok(layers, ":"); layer; layer = strtok(NULL, ":"), top = false) {
		int fd = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct stat s;
		if (fd < 0 || fstat(fd, &s))
			die(layer);
		if (top)
			take_attributes(root, &s);
		load(root, fd);
	}
}

/* --- requests ------------------------------------------------------------------------------------------- */

struct request {
	struct fuse_in_header *head;
	char *arg; /* behind the header */
	char *out; /* where the body of the reply goes */
	uint32_t size; /* of that body */
};

static struct node *node_of(uint64_t id)
{
	return id == FUSE_ROOT_ID ? root : (struct node *)id;
}

static void tell_entry(struct fuse_entry_out *out, struct node *node)
{
	memset(out, 0, sizeof *out);
	out->nodeid = (uint64_t)node;
	out->entry_valid = out->attr_valid = FOREVER;
	out->attr = node->attr;
}

static int reply_entry(struct request *r, struct node *node)
{
	tell_entry((struct fuse_entry_out *)r->out, node);
	r->size = sizeof(struct fuse_entry_out);
	return 0;
}

static int reply_attr(struct request *r, struct node *node)
{
	struct fuse_attr_out *out = (struct fuse_attr_out *)r->out;
	memset(out, 0, sizeof *out);
	out->attr_valid = FOREVER;
	out->attr = node->attr;
	r->size = sizeof *out;
	return 0;
}

static int lookup(struct request *r)
{
	struct entry *e = find(node_of(r->head->nodeid), r->arg);
	if (e)
		return reply_entry(r, e->node);
	struct fuse_entry_out *out = (struct fuse_entry_out *)r->out;
	memset(out, 0, sizeof *out); /* node 0: no such name, and remember it */
	out->entry_valid = FOREVER;
	r->size = sizeof *out;
	return 0;
}

static int setattr(struct request *r)
{
	struct fuse_setattr_in *in = (struct fuse_setattr_in *)r->arg;
	struct node *node = node_of(r->head->nodeid);
	struct fuse_attr *a = &node->attr;
	if (in->valid & FATTR_MODE)
		a->mode = (a->mode & S_IFMT) | (in->mode & 07777);
	if (in->valid & FATTR_UID)
		a->uid = in->uid;
	if (in->valid & FATTR_GID)
		a->gid = in->gid;
	if (in->valid & FATTR_SIZE)
		resize(node, in->size);
	if (in->valid & FATTR_ATIME)
		a->atime = in->atime, a->atimensec = in->atimensec;
	if (in->valid & FATTR_MTIME)
		a->mtime = in->mtime, a->mtimensec = in->mtimensec;
	if (in->valid & FATTR_CTIME)
		a->ctime = in->ctime, a->ctimensec = in->ctimensec;
	return reply_attr(r, node);
}

static struct node *make(struct request *r, const char *name, uint32_t mode)
{
	struct node *dir = node_of(r->head->nodeid);
	if (find(dir, name))
		return NULL;
	struct node *node = new_node(dir, mode, r->head->uid, r->head->gid);
	add(dir, name, node);
	return node;
}

static int made(struct request *r, struct node *node)
{
	return node ? reply_entry(r, node) : EEXIST;
}

static int create(struct request *r)
{
	struct fuse_create_in *in = (struct fuse_create_in *)r->arg;
	int error = made(r, make(r, r->arg + sizeof *in, in->mode));
	memset(r->out + r->size, 0, sizeof(struct fuse_open_out));
	((struct fuse_open_out *)(r->out + r->size))->open_flags = FOPEN_KEEP_CACHE;
	r->size += sizeof(struct fuse_open_out);
	return error;
}

static int make_symlink(struct request *r)
{
	const char *target = r->arg + strlen(r->arg) + 1;
	struct node *node = make(r, r->arg, S_IFLNK | 0777);
	if (node) {
		resize(node, strlen(target));
		memcpy(node->data, target, node->attr.size);
	}
	return made(r, node);
}

static int make_link(struct request *r)
{
	struct node *node = node_of(((struct fuse_link_in *)r->arg)->oldnodeid);
	const char *name = r->arg + sizeof(struct fuse_link_in);
	if (find(node_of(r->head->nodeid), name))
		return EEXIST;
	add(node_of(r->head->nodeid), name, node);
	node->attr.nlink++;
	return reply_entry(r, node);
}

static int remove_name(struct request *r)
{
	struct node *dir = node_of(r->head->nodeid);
	struct entry *e = find(dir, r->arg);
	if (!e)
		return ENOENT;
	if (e->node->children)
		return ENOTEMPTY;
	e->node->attr.nlink -= S_ISDIR(e->node->attr.mode) ? 2 : 1;
	take_out(dir, e);
	return 0;
}

static int rename_name(struct request *r, uint64_t new_dir, const char *names)
{
	struct node *from = node_of(r->head->nodeid), *to = node_of(new_dir);
	const char *new_name = names + strlen(names) + 1;
	struct entry *e = find(from, names), *over = find(to, new_name);
	if (!e)
		return ENOENT;
	if (over && over->node->children)
		return ENOTEMPTY;
	struct node *node = e->node;
	if (over && over->node == node)
		return 0;
	if (over)
		take_out(to, over);
	take_out(from, e);
	add(to, new_name, node);
	node->parent = to;
	return 0;
}

static int read_file(struct request *r)
{
	struct fuse_read_in *in = (struct fuse_read_in *)r->arg;
	struct node *node = node_of(r->head->nodeid);
	uint64_t size = in->offset < node->attr.size ? node->attr.size - in->offset : 0;
	r->size = size < in->size ? size : in->size;
	if (r->size)
		memcpy(r->out, node->data + in->offset, r->size);
	return 0;
}

static int write_file(struct request *r)
{
	struct fuse_write_in in = *(struct fuse_write_in *)r->arg;
	struct node *node = node_of(r->head->nodeid);
	if (in.offset + in.size > node->attr.size)
		resize(node, in.offset + in.size);
	memcpy(node->data + in.offset, r->arg + sizeof in, in.size);
	struct fuse_write_out *out = (struct fuse_write_out *)r->out;
	memset(out, 0, sizeof *out);
	out->size = in.size;
	r->size = sizeof *out;
	return 0;
}

static bool list(struct request *r, uint32_t most, uint64_t place, const char *name, int length, struct node *node,
		 bool hidden)
{
	struct fuse_direntplus *d = (struct fuse_direntplus *)(r->out + r->size);
	uint32_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + length);
	if (r->size + size > most)
		return false;
	memset(d, 0, size);
	if (!hidden)
		tell_entry(&d->entry_out, node);
	d->dirent.ino = node->attr.ino;
	d->dirent.off = place;
	d->dirent.namelen = length;
	d->dirent.type = (node->attr.mode & S_IFMT) >> 12;
	memcpy(d->dirent.name, name, length);
	r->size += size;
	return true;
}

static int read_dir(struct request *r)
{
	struct fuse_read_in in = *(struct fuse_read_in *)r->arg;
	struct node *dir = node_of(r->head->nodeid);
	if (in.offset < 1 && !list(r, in.size, 1, ".", 1, dir, true))
		return 0;
	if (in.offset < 2 && !list(r, in.size, 2, "..", 2, dir->parent ? dir->parent : dir, true))
		return 0;
	struct entry *e = dir->first;
	if (in.offset > 2) {
		/* Most often the first that was not told is the last one told before, or the end. */
		while (e && e->place + 2 <= in.offset)
			e = e->after;
	}
	for (; e; e = e->after)
		if (!list(r, in.size, e->place + 2, e->name, e->length, e->node, false))
			break;
	return 0;
}

static int stat_fs(struct request *r)
{
	struct fuse_statfs_out *out = (struct fuse_statfs_out *)r->out;
	memset(out, 0, sizeof *out);
	out->st.bsize = out->st.frsize = 4096;
	out->st.blocks = out->st.bfree = out->st.bavail = 1 << 20;
	out->st.files = out->st.ffree = 1 << 20;
	out->st.namelen = NAME_MAX;
	r->size = sizeof *out;
	return 0;
}

static int greet(struct request *r)
{
	struct fuse_init_in in = *(struct fuse_init_in *)r->arg;
	struct fuse_init_out *out = (struct fuse_init_out *)r->out;
	uint32_t wanted = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_DO_READDIRPLUS | FUSE_PARALLEL_DIROPS |
			  FUSE_WRITEBACK_CACHE | FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT | FUSE_CACHE_SYMLINKS |
			  FUSE_POSIX_ACL | FUSE_MAX_PAGES;
	memset(out, 0, sizeof *out);
	out->major = FUSE_KERNEL_VERSION;
	out->minor = FUSE_KERNEL_MINOR_VERSION < in.minor ? FUSE_KERNEL_MINOR_VERSION : in.minor;
	out->max_readahead = in.max_readahead;
	out->flags = wanted & in.flags;
	out->max_pages = MOST / 4096;
	out->max_write = MOST;
	out->max_background = 4096;
	out->congestion_threshold = 3072;
	r->size = sizeof *out;
	return 0;
}

/* 0 or an errno; with r->size of the body set. */
static int answer(struct request *r)
{
	switch (r->head->opcode) {
	case FUSE_INIT:
		return greet(r);
	case FUSE_LOOKUP:
		return lookup(r);
	case FUSE_GETATTR:
		return reply_attr(r, node_of(r->head->nodeid));
	case FUSE_SETATTR:
		return setattr(r);
	case FUSE_READLINK:
		r->size = node_of(r->head->nodeid)->attr.size;
		memcpy(r->out, node_of(r->head->nodeid)->data, r->size);
		return 0;
	case FUSE_MKNOD:
		return made(r, make(r, r->arg + sizeof(struct fuse_mknod_in), ((struct fuse_mknod_in *)r->arg)->mode));
	case FUSE_MKDIR:
		return made(r, make(r, r->arg + sizeof(struct fuse_mkdir_in),
				    S_IFDIR | ((struct fuse_mkdir_in *)r->arg)->mode));
	case FUSE_SYMLINK:
		return make_symlink(r);
	case FUSE_LINK:
		return make_link(r);
	case FUSE_CREATE:
		return create(r);
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		return remove_name(r);
	case FUSE_RENAME:
		return rename_name(r, ((struct fuse_rename_in *)r->arg)->newdir, r->arg + sizeof(struct fuse_rename_in));
	case FUSE_RENAME2:
		if (((struct fuse_rename2_in *)r->arg)->flags)
			return EINVAL;
		return rename_name(r, ((struct fuse_rename2_in *)r->arg)->newdir,
				   r->arg + sizeof(struct fuse_rename2_in));
	case FUSE_READ:
		return read_file(r);
	case FUSE_WRITE:
		return write_file(r);
	case FUSE_READDIRPLUS:
		return read_dir(r);
	case FUSE_STATFS:
		return stat_fs(r);
	case FUSE_GETXATTR:
		return ENODATA;
	case FUSE_LISTXATTR:
		r->size = ((struct fuse_getxattr_in *)r->arg)->size ? 0 : sizeof(struct fuse_getxattr_out);
		memset(r->out, 0, r->size);
		return 0;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FSYNC:
	case FUSE_FSYNCDIR:
	case FUSE_DESTROY:
		return 0;
	default: /* OPEN, OPENDIR, FLUSH, ...: the kernel does without from now on */
		return ENOSYS;
	}
}

static bool has_reply(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT;
}

static void serve(char *in, char *out)
{
	struct fuse_out_header *head = (struct fuse_out_header *)out;
	struct request r = {(struct fuse_in_header *)in, in + sizeof(struct fuse_in_header), out + sizeof *head, 0};
	if (!has_reply(r.head->opcode))
		return;
	pthread_mutex_lock(&lock);
	int error = answer(&r);
	pthread_mutex_unlock(&lock);
	head->unique = r.head->unique;
	head->error = -error;
	head->len = sizeof *head + (error ? 0 : r.size);
	if (write(device, out, head->len) < 0 && errno != ENOENT && errno != ENODEV)
		perror("reply");
}

static bool serve_one(char *in, char *out)
{
	ssize_t length = read(device, in, ROOM);
	if (length > 0)
		serve(in, out);
	return length > 0 || (errno != ENODEV && errno != ECONNABORTED);
}

static void *work(void *unused)
{
	char *in = need(malloc(ROOM)), *out = need(malloc(ROOM));
	while (serve_one(in, out))
		;
	exit(0);
	return unused;
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "Usage: floor LOWER[:LOWER...] POINT\n");
		return 2;
	}
	load_layers(words[1]);
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		die("/dev/fuse");
	char options[128];
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions", device);
	if (mount("floor", words[2], "fuse.floor", MS_NOSUID | MS_NODEV, options))
		die(words[2]);
	char *in = need(malloc(ROOM)), *out = need(malloc(ROOM));
	serve_one(in, out); /* INIT */
	if (fork())
		_exit(0);
	setsid();
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	pthread_t other;
	if (pthread_create(&other, NULL, work, NULL))
		return 1;
	work(NULL);
}
