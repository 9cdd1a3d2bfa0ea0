using System.Security.Cryptography;
using System.Text;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Rollouts;

namespace Sluice.EndToEnd.Tests;

/// <summary>What a data folder holds, and what it must not.</summary>
public sealed class FolderTests
{
    [Fact]
    public async Task A_second_server_is_refused_and_the_first_goes_on()
    {
        await using var sluice = await LocalSluice.StartAsync();

        var (code, _, error) = await sluice.RunAsync("serve");

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains($"Another server (pid {sluice.Pid})", error, StringComparison.Ordinal);
        Assert.NotEmpty(await sluice.TextOfAsync("/api/rollouts"));
    }

    [Fact]
    public async Task Down_leaves_no_process_even_when_server_and_gateway_were_killed()
    {
        await using var sluice = await LocalSluice.StartAsync();
        await using (await Shop.OpenAsync(sluice))
        {
        }

        Assert.NotEmpty(sluice.Processes());
        await sluice.KillServerAsync();
        await sluice.KillGatewayAsync();

        var (code, output, error) = await sluice.RunAsync("down", "--all");

        Assert.True(code == ExitCode.Ok, output + error);
        Assert.Empty(sluice.Processes());
    }

    [Fact]
    public async Task A_secret_reaches_the_service_and_nothing_else()
    {
        var secret = "canary-" + RandomNumberGenerator.GetHexString(24);
        await using var sluice = new LocalSluice();
        var kept = Path.Combine(sluice.Data.Path, "secrets", "shop-token");
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        await File.WriteAllTextAsync(kept, secret);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(kept, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await sluice.StartServerAsync();
        await using var shop = await Shop.OpenAsync(sluice, usersPerSecond: 100);
        using var http = new HttpClient();
        Assert.Equal(secret, await http.GetStringAsync(new Uri(sluice.UsersAddress, "/variable/TOKEN")));

        var good = await shop.ReleaseAsync("v2.0.0");
        var bad = await shop.ReleaseAsync("v3.0.0", ShopPlan.For(sluice, ["fail-every=1"], weight: 50, soak: "60s"));
        Assert.Equal((Outcome.Promoted, Outcome.RolledBack), (good.Status.Outcome, bad.Status.Outcome));

        foreach (var id in (string[])[good.Id, bad.Id])
        {
            Hides(await sluice.TextOfAsync($"/api/rollouts/{id}"), $"rollout {id}");
            Hides(await sluice.TextOfAsync($"/runtime/webhooks/durabletask/instances/{id}?showHistory=true&showHistoryOutput=true&showInput=true", management: true), $"history of {id}");
        }

        Hides(await sluice.TextOfAsync("/api/deployments?service=shop"), "deployments");
        Hides(await sluice.TextOfAsync("/api/services/shop/environments/production"), "environment");
        Hides(await sluice.TextOfAsync("/metrics"), "metrics");
        Hides(string.Join('\n', sluice.Said), "what the server said");
        // Killed rather than stopped: what was not yet written into the databases stays in the files beside them.
        await sluice.KillServerAsync();
        await sluice.KillGatewayAsync();

        // A killed process may hold its empty lock a moment longer than it seems to live.
        string[] left = [kept, Path.Combine(sluice.Data.Path, "gateway", "gateway.sock"), Path.Combine(sluice.Data.Path, "gateway", "gateway.lock")];
        var files = Directory.EnumerateFiles(sluice.Folder, "*", SearchOption.AllDirectories).Except(left).ToList();
        Assert.All(["engine.db", "registry.db"], name => Assert.Contains(name, FilesWith("v3.0.0").Select(f => Path.GetFileName(f).Replace("-wal", "", StringComparison.Ordinal))));
        Assert.Empty(FilesWith(secret));

        List<string> FilesWith(string text) => files.FindAll(f => File.ReadAllBytes(f).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

        void Hides(string text, string where) => Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{where} shows the secret");
    }
}
