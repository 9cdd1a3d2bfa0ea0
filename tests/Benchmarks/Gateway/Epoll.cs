using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sluice.Benchmarks.Gateway;

/// <summary>
/// Linux's epoll and the calls around it, without the framework in between: what measures must cost next to nothing beside what is measured.
/// </summary>
internal sealed partial class Epoll : IDisposable
{
    private const int Add = 1;
    private const uint Readable = 1;

    // The kernel packs the event on x64 only.
    private static readonly int EventLength = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly int _epoll = Check(epoll_create1(0));
    private readonly byte[] _events = new byte[64 * 16];

    public void Watch(int descriptor)
    {
        Span<byte> interest = stackalloc byte[16];
        MemoryMarshal.Write(interest, Readable);
        MemoryMarshal.Write(interest[(EventLength - 8)..], (long)descriptor);
        Check(epoll_ctl(_epoll, Add, descriptor, ref MemoryMarshal.GetReference(interest)));
    }

    /// <summary>Waits for something to read.</summary>
    /// <returns>How many descriptors are ready; <see cref="Ready"/> names them.</returns>
    public int Wait(int milliseconds) => Math.Max(0, epoll_wait(_epoll, ref _events[0], 64, milliseconds));

    public int Ready(int index) => (int)MemoryMarshal.Read<long>(_events.AsSpan((index * EventLength) + EventLength - 8));

    /// <returns>The bytes received, 0 at the end, negative when there is nothing or the connection broke.</returns>
    public static int Receive(int descriptor, Span<byte> buffer) => (int)recv(descriptor, ref MemoryMarshal.GetReference(buffer), buffer.Length, 0);

    public static int Send(int descriptor, ReadOnlySpan<byte> data)
    {
        const int NoSignal = 0x4000;
        return (int)send(descriptor, ref MemoryMarshal.GetReference(data), data.Length, NoSignal);
    }

    /// <summary>A descriptor that becomes readable at each interval.</summary>
    public static int CreateTimer(TimeSpan interval)
    {
        var timer = Check(timerfd_create(clockid: 1, flags: 0x800));
        Span<long> spec = [0, interval.Ticks * 100, 0, interval.Ticks * 100];
        Check(timerfd_settime(timer, 0, ref MemoryMarshal.GetReference(spec), 0));
        return timer;
    }

    public static void Drain(int timer)
    {
        Span<byte> count = stackalloc byte[8];
        _ = read(timer, ref MemoryMarshal.GetReference(count), 8);
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    public void Dispose() => Close(_epoll);

    private static int Check(int result) =>
        result >= 0 ? result : throw new SocketException(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, ref byte interest);

    [LibraryImport("libc")]
    private static partial int epoll_wait(int epoll, ref byte events, int count, int milliseconds);

    [LibraryImport("libc")]
    private static partial nint recv(int descriptor, ref byte buffer, nint length, int flags);

    [LibraryImport("libc")]
    private static partial nint send(int descriptor, ref readonly byte buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_create(int clockid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int timerfd_settime(int timer, int flags, ref long spec, nint old);

    [LibraryImport("libc")]
    private static partial nint read(int descriptor, ref byte buffer, nint length);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
