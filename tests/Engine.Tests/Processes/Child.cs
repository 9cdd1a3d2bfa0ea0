using System.Diagnostics;

namespace Sluice.Engine.Tests.Processes;

/// <summary>A process of the program <c>EngineProcess</c>.</summary>
internal static class Child
{
    public static ProcessStartInfo StartInfo(params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Sluice.EngineProcess"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    /// <summary>Runs it to its end, however that comes.</summary>
    /// <returns>The exit code (137 after SIGKILL) and what it complained of.</returns>
    public static async Task<(int ExitCode, string Errors)> RunAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = await process.StandardError.ReadToEndAsync(cancellationToken);
            await output;
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, errors);
        }
        finally
        {
            process.Kill();
        }
    }
}
