# Makes the calls that standard input names, one a line, in the current directory, and prints what each
# gave: "ok", a value, or the errno. Arguments are the numbers of calls to leave out. The last thing
# printed is the whole tree.
use strict;
use warnings;
use Errno;
use Fcntl;
use POSIX ();

my %left_out = map { $_ => 1 } @ARGV;
my %names = map { my $name = $_; (eval { Errno->$name() } // 0) => $name } grep { /^E/ } keys %!;

sub reply {
  my ($done, $value) = @_;
  return $done ? ($value // "ok") : ($names{$! + 0} // "errno " . ($! + 0));
}

sub kind {
  my ($mode) = @_;
  return sprintf "%06o", $mode;
}

sub content {
  my ($path, $flags, $act) = @_;
  # never a special file: opening one may block
  my @stat = lstat $path or return reply(0);
  return "special" unless POSIX::S_ISREG($stat[2]) || POSIX::S_ISDIR($stat[2]);
  sysopen(my $file, $path, $flags) or return reply(0);
  my $said = $act->($file);
  close $file or return reply(0);
  return $said;
}

my %calls = (
  create => sub { sysopen(my $file, $_[0], O_CREAT | O_EXCL | O_WRONLY, $_[2]) ? "ok" : reply(0) },
  mkdir => sub { reply(mkdir $_[0], $_[2]) },
  symlink => sub { reply(symlink $_[1], $_[0]) },
  fifo => sub { reply(POSIX::mkfifo($_[0], $_[2])) },
  link => sub { reply(link $_[0], $_[1]) },
  unlink => sub { reply(-d $_[0] && !-l $_[0] ? do { $! = Errno::EISDIR(); 0 } : unlink $_[0]) },
  rmdir => sub { reply(rmdir $_[0]) },
  rename => sub { reply(rename $_[0], $_[1]) },
  write => sub {
    my ($path, $other, $number) = @_;
    content($path, O_WRONLY, sub {
      sysseek $_[0], $number % 100, 0;
      my $wrote = syswrite $_[0], $other x 3;
      reply(defined $wrote, $wrote);
    });
  },
  append => sub {
    my ($path, $other) = @_;
    content($path, O_WRONLY | O_APPEND, sub { reply(defined syswrite $_[0], $other) });
  },
  empty => sub { content($_[0], O_WRONLY | O_TRUNC, sub { "ok" }) },
  truncate => sub {
    my ($path, $other, $number) = @_;
    content($path, O_RDWR, sub { reply(truncate $_[0], $number % 100) });
  },
  read => sub {
    content($_[0], O_RDONLY, sub {
      my $got = sysread $_[0], my $text, 1000;
      reply(defined $got, defined $got ? unpack "H*", $text : undef);
    });
  },
  chmod => sub { -l $_[0] ? "link" : reply(chmod $_[2], $_[0]) },
  utime => sub { -l $_[0] ? "link" : reply(utime $_[2], $_[2] * 1000, $_[0]) },
  stat => sub {
    my @stat = lstat $_[0] or return reply(0);
    return kind($stat[2]) . (POSIX::S_ISDIR($stat[2]) ? "" : " $stat[3] $stat[7]");
  },
  readlink => sub { my $target = readlink $_[0]; reply(defined $target, $target) },
  list => sub {
    opendir(my $dir, $_[0]) or return reply(0);
    return join " ", sort readdir $dir;
  },
);

sub show {
  my ($path) = @_;
  my @stat = lstat $path or do { print "$path ", reply(0), "\n"; return };
  my @line = ($path, kind($stat[2]), @stat[4, 5]);
  # times before this were set by calls, later ones are the clock's
  push @line, $stat[9] if $stat[9] < 1_000_000_000 && !POSIX::S_ISDIR($stat[2]);
  push @line, @stat[3, 7] unless POSIX::S_ISDIR($stat[2]);
  push @line, $calls{read}->($path) if POSIX::S_ISREG($stat[2]) && -r $path;
  push @line, readlink $path if -l $path;
  print "@line\n";
  return if -l $path || !-d _;
  opendir(my $dir, $path) or do { print "  ", reply(0), "\n"; return };
  for my $name (sort grep { $_ ne "." && $_ ne ".." } readdir $dir) {
    show($path eq "." ? $name : "$path/$name");
  }
}

umask 022;
my $number = 0;
while (my $line = <STDIN>) {
  chomp $line;
  $number++;
  my ($call, $path, $other, $argument) = split / /, $line;
  print "$number $line: ", ($left_out{$number} ? "EXDEV" : $calls{$call}->($path, $other, $argument)), "\n";
}
print "---\n";
show(".");
