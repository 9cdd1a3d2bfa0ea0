using System.Text.Json;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Rollouts;

namespace Sluice.EndToEnd.Tests;

/// <summary>What people do with rollouts, through the command line.</summary>
public sealed class PeopleTests
{
    [Fact]
    public async Task Start_with_wait_ends_with_0_for_a_good_release_and_1_for_a_bad_one()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice, usersPerSecond: 100);

        var (good, output, error) = await sluice.RunAsync("start", Write(sluice, []), "--version", "v2.0.0", "--wait", "--json");
        Assert.True(good == ExitCode.Ok, $"{good}: {output}{error}");
        var id = JsonDocument.Parse(output).RootElement.GetProperty("id").GetString()!;
        Assert.Equal(ExitCode.Ok, (await sluice.RunAsync("status", id)).Code);
        await sluice.EndOfAsync(id);

        (var bad, output, error) = await sluice.RunAsync("start", Write(sluice, ["fail-every=2"]), "--version", "v3.0.0", "--wait", "--json");
        Assert.True(bad == ExitCode.Failed, $"{bad}: {output}{error}");
    }

    [Fact]
    public async Task An_abort_in_the_middle_of_a_canary_brings_it_back()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice);

        var release = await shop.ReleaseAsync("v2.0.0", ShopPlan.For(sluice, soak: "10m"), async begun =>
        {
            var id = await begun;
            await sluice.WaitForAsync(id, v => v.Status is { ActualWeight: 10 } && v.Soak is { Looks: > 0 }, "it soaks at 10 %");
            Assert.Equal(ExitCode.Timeout, (await sluice.RunAsync("status", id)).Code);

            var (code, output, error) = await sluice.RunAsync("abort", id, "--reason", "the shop is full");
            Assert.True(code == ExitCode.Ok, output + error);
            await sluice.EndOfAsync(id);
            Assert.Equal(ExitCode.Failed, (await sluice.RunAsync("status", id)).Code);
        });

        Assert.Equal((Phase.Degraded, Outcome.Aborted), (release.Status.Phase, release.Status.Outcome));
        Assert.Equal(DeploymentStatus.Aborted, release.Row.Status);
        Assert.Contains("the shop is full", release.Row.RollbackReason, StringComparison.Ordinal);
        Assert.Equal([new(release.Stable!, 100)], release.Weights);
        Assert.DoesNotContain(release.Processes, LocalSluice.IsRunning);
        await shop.AssertNobodyNoticedAsync();
    }

    [Fact]
    public async Task A_promoted_release_is_rolled_back_to_the_version_before()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice);
        var release = await shop.ReleaseAsync("v2.0.0");
        var before = sluice.Effects.Count;

        var (code, output, error) = await sluice.RunAsync("rollback", "shop", "production", "--reason", "second thoughts");
        Assert.True(code == ExitCode.Ok, output + error);
        var back = await shop.DescribeAsync(output.Trim(), release.Revision, before);

        Assert.Equal((Phase.Healthy, Outcome.FastRolledBack, "v1.0.0"), (back.Status.Phase, back.Status.Outcome, back.Status.Version));
        Assert.Equal([new(back.Revision, 100)], back.Weights);
        Assert.Equal(release.Stable, back.Revision);
        Assert.DoesNotContain(release.Processes, LocalSluice.IsRunning);
        Assert.Equal(DeploymentStatus.RolledBack, (await sluice.DeploymentsAsync()).First(d => d.RolloutId == release.Id).Status);
        Assert.Equal("v1.0.0", (await shop.EnvironmentAsync()).Stable?.Version);
        await shop.AssertNobodyNoticedAsync();
    }

    private static string Write(LocalSluice sluice, string[] switches)
    {
        var bundle = ShopPlan.For(sluice, switches, weight: 50);
        var folder = Directory.CreateDirectory(Path.Combine(sluice.Folder, "plan" + string.Concat(switches))).FullName;
        foreach (var (name, text) in bundle.Files)
        {
            File.WriteAllText(Path.Combine(folder, name), text);
        }

        var plan = Path.Combine(folder, "sluice.yaml");
        File.WriteAllText(plan, bundle.Plan);
        return plan;
    }
}
