using System.CommandLine;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Demo;

/// <summary><c>demo</c>: real releases of a real service on this machine.</summary>
internal static class DemoVerb
{
    public static Command Create(Terminal terminal)
    {
        var keep = new Option<bool>("--keep") { Description = "Leave everything running at the end." };
        var soak = CommonOptions.Duration("--soak", "How long the canary is watched; 18s by default, 15m in a plan for real use.");
        return new Command("demo", "Show a good release, a bad one, and a server killed in the middle of a canary.") { keep, soak }
            .Does(terminal, async (parsed, cancellationToken) =>
            {
                Detached.RefuseWindows();
                var watched = parsed.GetValue(soak) ?? TimeSpan.FromSeconds(18);
                if (watched < TimeSpan.FromSeconds(18) || watched > TimeSpan.FromHours(1))
                {
                    throw new UsageException($"--soak {Durations.Format(watched)} is not between 18s and 1h: 10 requests a second need that long to show 5 failures in 100.");
                }

                var data = parsed.GetValue(CommonOptions.Data) ?? Path.Combine(Path.GetTempPath(), $"sluice-demo-{Environment.ProcessId}");
                if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
                {
                    throw new UsageException($"{data} is not empty. The demo wants a folder of its own.");
                }

                await using var run = new DemoRun(terminal, new DemoFolder(Path.GetFullPath(data)), watched, parsed.GetValue(keep));
                return await run.RunAsync(cancellationToken);
            });
    }
}
