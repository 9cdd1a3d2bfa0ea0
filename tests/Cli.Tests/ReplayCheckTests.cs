using Sluice.Durable;
using Sluice.Engine;
using Sluice.Testing;

namespace Sluice.Cli.Tests;

/// <summary><c>replay-check</c>, before an upgrade.</summary>
public sealed class ReplayCheckTests
{
    [Fact]
    public async Task What_this_program_wrote_replays_and_a_changed_history_is_named()
    {
        using var folder = new TemporaryFolder();
        var (good, bad) = (Path.Combine(folder.Path, "good"), Path.Combine(folder.Path, "bad"));
        Directory.CreateDirectory(good);
        Directory.CreateDirectory(bad);
        var history = await File.ReadAllTextAsync(Recorded);
        await File.WriteAllTextAsync(Path.Combine(good, "h.json"), history);
        await File.WriteAllTextAsync(Path.Combine(bad, "h.json"), history.Replace("\"FindStopped\"", "\"FindGone\"", StringComparison.Ordinal));

        var fine = await Capture.RunAsync("replay-check", "--histories", good);
        var changed = await Capture.RunAsync("replay-check", "--histories", bad);

        Assert.Equal((0, "All 1 histories replay."), (fine.Code, fine.Output.Trim()));
        Assert.Equal(1, changed.Code);
        Assert.Contains("the history has a call of activity 'FindGone' (#0), the code made a call of activity 'FindStopped' (#0)", changed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_sleeps_in_the_data_folder_is_checked_and_exported()
    {
        using var data = new TemporaryFolder();
        using var export = new TemporaryFolder();
        await using (var engine = new EmbeddedEngine(
            new DurableTasks().Orchestrator<string, int>("Rollout", (context, _) => context.WaitForExternalEvent<int>("never")),
            null,
            new EngineOptions { Path = Path.Combine(data.Path, "engine.db") }))
        {
            await engine.StartAsync();
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("Rollout", "no rollout's input", new StartOptions { InstanceId = "old" });
            await engine.Client.WaitForInstanceStartAsync("old");
        }

        var (code, output, _) = await Capture.RunAsync("replay-check", "--data", data.Path, "--export", export.Path, "--json");

        Assert.Equal(1, code);
        Assert.Contains("\"instanceId\": \"old\"", output, StringComparison.Ordinal);
        Assert.Contains("\"instanceId\":\"old\"", await File.ReadAllTextAsync(Path.Combine(export.Path, "old.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_anything_to_check_is_no_success()
    {
        using var folder = new TemporaryFolder();

        Assert.Equal(2, (await Capture.RunAsync("replay-check", "--data", folder.Path)).Code);
        Assert.Equal(2, (await Capture.RunAsync("replay-check", "--histories", folder.Path)).Code);
    }

    private static string Recorded
    {
        get
        {
            var root = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(root.FullName, "Directory.Build.props")))
            {
                root = root.Parent ?? throw new InvalidOperationException("These tests run inside their repository.");
            }

            return Path.Combine(root.FullName, "tests", "Histories", "0.1.0", "lost-and-recovered", "watchdog.json");
        }
    }
}
