using System.Diagnostics;
using System.Globalization;

namespace Sluice.Platforms.Process;

/// <summary>The table of processes where there is no <c>/proc</c>: what <c>ps</c> and <c>sysctl</c> of macOS print.</summary>
internal static class PsTable
{
    public static ProcessEntry? Find(int pid)
    {
        // "Z    Sat Nov 21 09:24:15 2026": state, then the start, to the second.
        var line = Run("ps", "-o", "stat=,lstart=", "-p", pid.ToString(CultureInfo.InvariantCulture)).Trim();
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        if (blank < 0 || !DateTime.TryParse(line[blank..].Trim(), CultureInfo.InvariantCulture, out var start))
        {
            return null;
        }

        // ps prints a leader's state with an "s"; nothing else about sessions is needed.
        var state = line[..blank];
        return new ProcessEntry(pid, start.Ticks, state.Contains('s', StringComparison.Ordinal) ? pid : 0, state[0] == 'Z');
    }

    public static string? NonceOf(int pid)
    {
        const string Name = ProcessTable.NonceVariable + "=";
        return Run("ps", "-Eww", "-o", "command=", "-p", pid.ToString(CultureInfo.InvariantCulture))
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(word => word.StartsWith(Name, StringComparison.Ordinal))?[Name.Length..];
    }

    public static IEnumerable<int> WithNonce(string nonce) =>
        Run("ps", "-Eww", "-axo", "pid=,command=").Split('\n')
            .Where(line => line.Contains($"{ProcessTable.NonceVariable}={nonce}", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Trim().Split(' ')[0], CultureInfo.InvariantCulture));

    public static string BootId() => Run("sysctl", "-n", "kern.bootsessionuuid").Trim();

    private static string Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
