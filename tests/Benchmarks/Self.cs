using System.Diagnostics;

namespace Sluice.Benchmarks;

/// <summary>This program again, in a process of its own, with a hidden verb.</summary>
internal static class Self
{
    /// <summary>How to start it; its standard input and output are pipes.</summary>
    public static ProcessStartInfo StartInfo(params ReadOnlySpan<string> arguments)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    /// <summary>In a child: ends with its parent, however that ends, because the pipe to its standard input breaks.</summary>
    public static void ExitWithParent() => new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }

        Environment.Exit(0);
    })
    { IsBackground = true }.Start();
}
