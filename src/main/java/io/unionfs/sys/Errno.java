package io.unionfs.sys;

import java.util.Map;

/** The error numbers of Linux, by their C names. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int E2BIG = 7;
  public static final int ENOEXEC = 8;
  public static final int EBADF = 9;
  public static final int ECHILD = 10;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int ENOTBLK = 15;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int ETXTBSY = 26;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int ESPIPE = 29;
  public static final int EROFS = 30;
  public static final int EMLINK = 31;
  public static final int EPIPE = 32;
  public static final int EDOM = 33;
  public static final int ERANGE = 34;
  public static final int EDEADLK = 35;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOLCK = 37;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int ENOMSG = 42;
  public static final int EIDRM = 43;
  public static final int ECHRNG = 44;
  public static final int EL2NSYNC = 45;
  public static final int EL3HLT = 46;
  public static final int EL3RST = 47;
  public static final int ELNRNG = 48;
  public static final int EUNATCH = 49;
  public static final int ENOCSI = 50;
  public static final int EL2HLT = 51;
  public static final int EBADE = 52;
  public static final int EBADR = 53;
  public static final int EXFULL = 54;
  public static final int ENOANO = 55;
  public static final int EBADRQC = 56;
  public static final int EBADSLT = 57;
  public static final int EBFONT = 59;
  public static final int ENOSTR = 60;
  public static final int ENODATA = 61;
  public static final int ETIME = 62;
  public static final int ENOSR = 63;
  public static final int ENONET = 64;
  public static final int ENOPKG = 65;
  public static final int EREMOTE = 66;
  public static final int ENOLINK = 67;
  public static final int EADV = 68;
  public static final int ESRMNT = 69;
  public static final int ECOMM = 70;
  public static final int EPROTO = 71;
  public static final int EMULTIHOP = 72;
  public static final int EDOTDOT = 73;
  public static final int EBADMSG = 74;
  public static final int EOVERFLOW = 75;
  public static final int ENOTUNIQ = 76;
  public static final int EBADFD = 77;
  public static final int EREMCHG = 78;
  public static final int ELIBACC = 79;
  public static final int ELIBBAD = 80;
  public static final int ELIBSCN = 81;
  public static final int ELIBMAX = 82;
  public static final int ELIBEXEC = 83;
  public static final int EILSEQ = 84;
  public static final int ERESTART = 85;
  public static final int ESTRPIPE = 86;
  public static final int EUSERS = 87;
  public static final int ENOTSOCK = 88;
  public static final int EDESTADDRREQ = 89;
  public static final int EMSGSIZE = 90;
  public static final int EPROTOTYPE = 91;
  public static final int ENOPROTOOPT = 92;
  public static final int EPROTONOSUPPORT = 93;
  public static final int ESOCKTNOSUPPORT = 94;
  public static final int EOPNOTSUPP = 95;
  public static final int EPFNOSUPPORT = 96;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETDOWN = 100;
  public static final int ENETUNREACH = 101;
  public static final int ENETRESET = 102;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int EISCONN = 106;
  public static final int ENOTCONN = 107;
  public static final int ESHUTDOWN = 108;
  public static final int ETOOMANYREFS = 109;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTDOWN = 112;
  public static final int EHOSTUNREACH = 113;
  public static final int EALREADY = 114;
  public static final int EINPROGRESS = 115;
  public static final int ESTALE = 116;
  public static final int EUCLEAN = 117;
  public static final int ENOTNAM = 118;
  public static final int ENAVAIL = 119;
  public static final int EISNAM = 120;
  public static final int EREMOTEIO = 121;
  public static final int EDQUOT = 122;
  public static final int ENOMEDIUM = 123;
  public static final int EMEDIUMTYPE = 124;
  public static final int ECANCELED = 125;
  public static final int ENOKEY = 126;
  public static final int EKEYEXPIRED = 127;
  public static final int EKEYREVOKED = 128;
  public static final int EKEYREJECTED = 129;
  public static final int EOWNERDEAD = 130;
  public static final int ENOTRECOVERABLE = 131;
  public static final int ERFKILL = 132;
  public static final int EWOULDBLOCK = EAGAIN;
  public static final int ENOTSUP = EOPNOTSUPP;

  private record Text(String name, String message) {}

  private static final Map<Integer, Text> TEXTS =
      Map.ofEntries(
          Map.entry(EPERM, new Text("EPERM", "Operation not permitted")),
          Map.entry(ENOENT, new Text("ENOENT", "No such file or directory")),
          Map.entry(ESRCH, new Text("ESRCH", "No such process")),
          Map.entry(EINTR, new Text("EINTR", "Interrupted system call")),
          Map.entry(EIO, new Text("EIO", "Input/output error")),
          Map.entry(ENXIO, new Text("ENXIO", "No such device or address")),
          Map.entry(E2BIG, new Text("E2BIG", "Argument list too long")),
          Map.entry(ENOEXEC, new Text("ENOEXEC", "Exec format error")),
          Map.entry(EBADF, new Text("EBADF", "Bad file descriptor")),
          Map.entry(ECHILD, new Text("ECHILD", "No child processes")),
          Map.entry(EAGAIN, new Text("EAGAIN", "Resource temporarily unavailable")),
          Map.entry(ENOMEM, new Text("ENOMEM", "Cannot allocate memory")),
          Map.entry(EACCES, new Text("EACCES", "Permission denied")),
          Map.entry(EFAULT, new Text("EFAULT", "Bad address")),
          Map.entry(ENOTBLK, new Text("ENOTBLK", "Block device required")),
          Map.entry(EBUSY, new Text("EBUSY", "Device or resource busy")),
          Map.entry(EEXIST, new Text("EEXIST", "File exists")),
          Map.entry(EXDEV, new Text("EXDEV", "Invalid cross-device link")),
          Map.entry(ENODEV, new Text("ENODEV", "No such device")),
          Map.entry(ENOTDIR, new Text("ENOTDIR", "Not a directory")),
          Map.entry(EISDIR, new Text("EISDIR", "Is a directory")),
          Map.entry(EINVAL, new Text("EINVAL", "Invalid argument")),
          Map.entry(ENFILE, new Text("ENFILE", "Too many open files in system")),
          Map.entry(EMFILE, new Text("EMFILE", "Too many open files")),
          Map.entry(ENOTTY, new Text("ENOTTY", "Inappropriate ioctl for device")),
          Map.entry(ETXTBSY, new Text("ETXTBSY", "Text file busy")),
          Map.entry(EFBIG, new Text("EFBIG", "File too large")),
          Map.entry(ENOSPC, new Text("ENOSPC", "No space left on device")),
          Map.entry(ESPIPE, new Text("ESPIPE", "Illegal seek")),
          Map.entry(EROFS, new Text("EROFS", "Read-only file system")),
          Map.entry(EMLINK, new Text("EMLINK", "Too many links")),
          Map.entry(EPIPE, new Text("EPIPE", "Broken pipe")),
          Map.entry(EDOM, new Text("EDOM", "Numerical argument out of domain")),
          Map.entry(ERANGE, new Text("ERANGE", "Numerical result out of range")),
          Map.entry(EDEADLK, new Text("EDEADLK", "Resource deadlock avoided")),
          Map.entry(ENAMETOOLONG, new Text("ENAMETOOLONG", "File name too long")),
          Map.entry(ENOLCK, new Text("ENOLCK", "No locks available")),
          Map.entry(ENOSYS, new Text("ENOSYS", "Function not implemented")),
          Map.entry(ENOTEMPTY, new Text("ENOTEMPTY", "Directory not empty")),
          Map.entry(ELOOP, new Text("ELOOP", "Too many levels of symbolic links")),
          Map.entry(ENOMSG, new Text("ENOMSG", "No message of desired type")),
          Map.entry(EIDRM, new Text("EIDRM", "Identifier removed")),
          Map.entry(ECHRNG, new Text("ECHRNG", "Channel number out of range")),
          Map.entry(EL2NSYNC, new Text("EL2NSYNC", "Level 2 not synchronized")),
          Map.entry(EL3HLT, new Text("EL3HLT", "Level 3 halted")),
          Map.entry(EL3RST, new Text("EL3RST", "Level 3 reset")),
          Map.entry(ELNRNG, new Text("ELNRNG", "Link number out of range")),
          Map.entry(EUNATCH, new Text("EUNATCH", "Protocol driver not attached")),
          Map.entry(ENOCSI, new Text("ENOCSI", "No CSI structure available")),
          Map.entry(EL2HLT, new Text("EL2HLT", "Level 2 halted")),
          Map.entry(EBADE, new Text("EBADE", "Invalid exchange")),
          Map.entry(EBADR, new Text("EBADR", "Invalid request descriptor")),
          Map.entry(EXFULL, new Text("EXFULL", "Exchange full")),
          Map.entry(ENOANO, new Text("ENOANO", "No anode")),
          Map.entry(EBADRQC, new Text("EBADRQC", "Invalid request code")),
          Map.entry(EBADSLT, new Text("EBADSLT", "Invalid slot")),
          Map.entry(EBFONT, new Text("EBFONT", "Bad font file format")),
          Map.entry(ENOSTR, new Text("ENOSTR", "Device not a stream")),
          Map.entry(ENODATA, new Text("ENODATA", "No data available")),
          Map.entry(ETIME, new Text("ETIME", "Timer expired")),
          Map.entry(ENOSR, new Text("ENOSR", "Out of streams resources")),
          Map.entry(ENONET, new Text("ENONET", "Machine is not on the network")),
          Map.entry(ENOPKG, new Text("ENOPKG", "Package not installed")),
          Map.entry(EREMOTE, new Text("EREMOTE", "Object is remote")),
          Map.entry(ENOLINK, new Text("ENOLINK", "Link has been severed")),
          Map.entry(EADV, new Text("EADV", "Advertise error")),
          Map.entry(ESRMNT, new Text("ESRMNT", "Srmount error")),
          Map.entry(ECOMM, new Text("ECOMM", "Communication error on send")),
          Map.entry(EPROTO, new Text("EPROTO", "Protocol error")),
          Map.entry(EMULTIHOP, new Text("EMULTIHOP", "Multihop attempted")),
          Map.entry(EDOTDOT, new Text("EDOTDOT", "RFS specific error")),
          Map.entry(EBADMSG, new Text("EBADMSG", "Bad message")),
          Map.entry(EOVERFLOW, new Text("EOVERFLOW", "Value too large for defined data type")),
          Map.entry(ENOTUNIQ, new Text("ENOTUNIQ", "Name not unique on network")),
          Map.entry(EBADFD, new Text("EBADFD", "File descriptor in bad state")),
          Map.entry(EREMCHG, new Text("EREMCHG", "Remote address changed")),
          Map.entry(ELIBACC, new Text("ELIBACC", "Can not access a needed shared library")),
          Map.entry(ELIBBAD, new Text("ELIBBAD", "Accessing a corrupted shared library")),
          Map.entry(ELIBSCN, new Text("ELIBSCN", ".lib section in a.out corrupted")),
          Map.entry(
              ELIBMAX, new Text("ELIBMAX", "Attempting to link in too many shared libraries")),
          Map.entry(ELIBEXEC, new Text("ELIBEXEC", "Cannot exec a shared library directly")),
          Map.entry(
              EILSEQ, new Text("EILSEQ", "Invalid or incomplete multibyte or wide character")),
          Map.entry(ERESTART, new Text("ERESTART", "Interrupted system call should be restarted")),
          Map.entry(ESTRPIPE, new Text("ESTRPIPE", "Streams pipe error")),
          Map.entry(EUSERS, new Text("EUSERS", "Too many users")),
          Map.entry(ENOTSOCK, new Text("ENOTSOCK", "Socket operation on non-socket")),
          Map.entry(EDESTADDRREQ, new Text("EDESTADDRREQ", "Destination address required")),
          Map.entry(EMSGSIZE, new Text("EMSGSIZE", "Message too long")),
          Map.entry(EPROTOTYPE, new Text("EPROTOTYPE", "Protocol wrong type for socket")),
          Map.entry(ENOPROTOOPT, new Text("ENOPROTOOPT", "Protocol not available")),
          Map.entry(EPROTONOSUPPORT, new Text("EPROTONOSUPPORT", "Protocol not supported")),
          Map.entry(ESOCKTNOSUPPORT, new Text("ESOCKTNOSUPPORT", "Socket type not supported")),
          Map.entry(EOPNOTSUPP, new Text("EOPNOTSUPP", "Operation not supported")),
          Map.entry(EPFNOSUPPORT, new Text("EPFNOSUPPORT", "Protocol family not supported")),
          Map.entry(
              EAFNOSUPPORT, new Text("EAFNOSUPPORT", "Address family not supported by protocol")),
          Map.entry(EADDRINUSE, new Text("EADDRINUSE", "Address already in use")),
          Map.entry(EADDRNOTAVAIL, new Text("EADDRNOTAVAIL", "Cannot assign requested address")),
          Map.entry(ENETDOWN, new Text("ENETDOWN", "Network is down")),
          Map.entry(ENETUNREACH, new Text("ENETUNREACH", "Network is unreachable")),
          Map.entry(ENETRESET, new Text("ENETRESET", "Network dropped connection on reset")),
          Map.entry(ECONNABORTED, new Text("ECONNABORTED", "Software caused connection abort")),
          Map.entry(ECONNRESET, new Text("ECONNRESET", "Connection reset by peer")),
          Map.entry(ENOBUFS, new Text("ENOBUFS", "No buffer space available")),
          Map.entry(EISCONN, new Text("EISCONN", "Transport endpoint is already connected")),
          Map.entry(ENOTCONN, new Text("ENOTCONN", "Transport endpoint is not connected")),
          Map.entry(
              ESHUTDOWN, new Text("ESHUTDOWN", "Cannot send after transport endpoint shutdown")),
          Map.entry(ETOOMANYREFS, new Text("ETOOMANYREFS", "Too many references: cannot splice")),
          Map.entry(ETIMEDOUT, new Text("ETIMEDOUT", "Connection timed out")),
          Map.entry(ECONNREFUSED, new Text("ECONNREFUSED", "Connection refused")),
          Map.entry(EHOSTDOWN, new Text("EHOSTDOWN", "Host is down")),
          Map.entry(EHOSTUNREACH, new Text("EHOSTUNREACH", "No route to host")),
          Map.entry(EALREADY, new Text("EALREADY", "Operation already in progress")),
          Map.entry(EINPROGRESS, new Text("EINPROGRESS", "Operation now in progress")),
          Map.entry(ESTALE, new Text("ESTALE", "Stale file handle")),
          Map.entry(EUCLEAN, new Text("EUCLEAN", "Structure needs cleaning")),
          Map.entry(ENOTNAM, new Text("ENOTNAM", "Not a XENIX named type file")),
          Map.entry(ENAVAIL, new Text("ENAVAIL", "No XENIX semaphores available")),
          Map.entry(EISNAM, new Text("EISNAM", "Is a named type file")),
          Map.entry(EREMOTEIO, new Text("EREMOTEIO", "Remote I/O error")),
          Map.entry(EDQUOT, new Text("EDQUOT", "Disk quota exceeded")),
          Map.entry(ENOMEDIUM, new Text("ENOMEDIUM", "No medium found")),
          Map.entry(EMEDIUMTYPE, new Text("EMEDIUMTYPE", "Wrong medium type")),
          Map.entry(ECANCELED, new Text("ECANCELED", "Operation canceled")),
          Map.entry(ENOKEY, new Text("ENOKEY", "Required key not available")),
          Map.entry(EKEYEXPIRED, new Text("EKEYEXPIRED", "Key has expired")),
          Map.entry(EKEYREVOKED, new Text("EKEYREVOKED", "Key has been revoked")),
          Map.entry(EKEYREJECTED, new Text("EKEYREJECTED", "Key was rejected by service")),
          Map.entry(EOWNERDEAD, new Text("EOWNERDEAD", "Owner died")),
          Map.entry(ENOTRECOVERABLE, new Text("ENOTRECOVERABLE", "State not recoverable")),
          Map.entry(ERFKILL, new Text("ERFKILL", "Operation not possible due to RF-kill")));

  private Errno() {}

  /** The C name, or {@code errno N}. */
  public static String name(int errno) {
    Text text = TEXTS.get(errno);
    return text == null ? "errno " + errno : text.name();
  }

  /** What strerror(3) says in the C locale. */
  public static String message(int errno) {
    Text text = TEXTS.get(errno);
    return text == null ? "Unknown error " + errno : text.message();
  }
}
