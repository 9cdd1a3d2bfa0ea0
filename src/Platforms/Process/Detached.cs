using System.Runtime.InteropServices;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Process;

/// <summary>A program to start so that it outlives whoever starts it.</summary>
/// <param name="Program">Absolute path of the executable.</param>
/// <param name="Arguments">What follows the program's name.</param>
/// <param name="Directory">Working directory.</param>
/// <param name="Environment">All of its environment: nothing is inherited.</param>
/// <param name="Log">File to which its output is appended; created, readable by its owner alone, when absent.</param>
public sealed record DetachedProgram(
    string Program,
    IReadOnlyList<string> Arguments,
    string Directory,
    IReadOnlyDictionary<string, string> Environment,
    string Log);

/// <summary>
/// Starts programs that depend on nobody: own session, input from <c>/dev/null</c>, output appended to a file, every signal at its
/// default and none blocked, no descriptor inherited, so no pipe or terminal whose end could end them.
/// </summary>
/// <remarks>
/// <c>posix_spawn</c> (POSIX.1-2024, with <c>POSIX_SPAWN_SETSID</c>) does all of it between fork and exec, so the pid is the program's own and
/// a program that cannot be executed is an error here, not an exit code later. The caller is the parent: see <see cref="HasEnded"/>.
/// </remarks>
public static class Detached
{
    private const int SetSignalDefault = 0x04;
    private const int SetSignalMask = 0x08;
    private const int BufferSize = 1024;
    private const int Sigterm = 15;

    // Larger than any of the C library's opaque types.
    private static int SetSession => OperatingSystem.IsMacOS() ? 0x0400 : 0x80;

    private static int AppendFlags => OperatingSystem.IsMacOS() ? 0x1 | 0x200 | 0x8 : 0x1 | 0x40 | 0x400;

    /// <summary>Starts the program; when this returns it runs under the pid returned.</summary>
    /// <exception cref="PlatformException"><c>CannotStart</c>: it cannot be executed, or this is Windows.</exception>
    public static int Start(DetachedProgram program)
    {
        RefuseWindows();
        var actions = Marshal.AllocHGlobal(BufferSize);
        var attributes = Marshal.AllocHGlobal(BufferSize);
        var signals = Marshal.AllocHGlobal(BufferSize);
        var arguments = new NativeStrings([program.Program, .. program.Arguments]);
        var environment = new NativeStrings([.. program.Environment.Select(v => $"{v.Key}={v.Value}")]);
        try
        {
            Must(Native.ActionsInit(actions));
            Must(Native.ActionsOpen(actions, 0, "/dev/null", 0, 0));
            Must(Native.ActionsOpen(actions, 1, program.Log, AppendFlags, 0x180 /* rw------- */));
            Must(Native.ActionsDuplicate(actions, 1, 2));
            Must(Native.ActionsChangeDirectory(actions, program.Directory));
            CloseOthers(actions);

            Must(Native.AttributesInit(attributes));
            Must(Native.AttributesSetFlags(attributes, (short)(SetSession | SetSignalDefault | SetSignalMask | CloseByDefault)));
            Must(Native.SignalsNone(signals));
            Must(Native.AttributesSetMask(attributes, signals));
            Must(Native.SignalsAll(signals));
            Must(Native.AttributesSetDefault(attributes, signals));

            var error = Native.Spawn(out var pid, program.Program, actions, attributes, arguments.Pointer, environment.Pointer);
            return error == 0
                ? pid
                : throw new PlatformException(
                    PlatformError.CannotStart,
                    $"{program.Program} in {program.Directory}, with output to {program.Log}: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
        finally
        {
            _ = Native.ActionsDestroy(actions);
            _ = Native.AttributesDestroy(attributes);
            Marshal.FreeHGlobal(actions);
            Marshal.FreeHGlobal(attributes);
            Marshal.FreeHGlobal(signals);
            arguments.Free();
            environment.Free();
        }
    }

    /// <summary>Whether a program that this process started has ended. Asked once more after it has said so, it says <c>null</c>.</summary>
    /// <param name="pid">What <see cref="Start"/> returned.</param>
    /// <param name="how"><c>exit code 3</c> or <c>signal 9</c>; empty while it runs.</param>
    /// <returns>Null when it is not this process's child.</returns>
    public static bool? HasEnded(int pid, out string how)
    {
        how = "";
        var ended = Native.Reap(pid, out var status);
        if (ended == pid)
        {
            how = (status & 0x7f) == 0 ? $"exit code {(status >> 8) & 0xff}" : $"signal {status & 0x7f}";
            return true;
        }

        return ended == 0 ? false : null;
    }

    /// <summary>Asks a program that this process started, and that has not ended, to end (SIGTERM).</summary>
    /// <param name="pid">What <see cref="Start"/> returned.</param>
    public static void Terminate(int pid) => Native.Kill(pid, Sigterm);

    /// <summary>Says that Windows needs WSL.</summary>
    /// <exception cref="PlatformException"><c>CannotStart</c> on Windows.</exception>
    public static void RefuseWindows()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformException(
                PlatformError.CannotStart,
                "processes are supervised on Linux and macOS only. On Windows run Sluice inside WSL: `wsl --install`, then the same command there.");
        }
    }

    // POSIX_SPAWN_CLOEXEC_DEFAULT; elsewhere descriptors are closed by an action.
    private static int CloseByDefault => OperatingSystem.IsMacOS() ? 0x4000 : 0;

    private static void CloseOthers(nint actions)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                Must(Native.ActionsCloseFrom(actions, 3));
            }
            catch (EntryPointNotFoundException)
            {
                // An older C library: everything .NET itself opens is closed on exec anyway.
            }
        }
    }

    private static void Must(int error)
    {
        if (error != 0)
        {
            throw new PlatformException(PlatformError.CannotStart, $"preparing a process: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private readonly struct NativeStrings
    {
        private readonly nint[] _texts;

        public NativeStrings(string[] texts)
        {
            _texts = [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];
            Pointer = Marshal.AllocHGlobal(_texts.Length * nint.Size);
            Marshal.Copy(_texts, 0, Pointer, _texts.Length);
        }

        public nint Pointer { get; }

        public void Free()
        {
            foreach (var text in _texts)
            {
                Marshal.FreeCoTaskMem(text);
            }

            Marshal.FreeHGlobal(Pointer);
        }
    }
}
