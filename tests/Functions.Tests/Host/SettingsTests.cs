using System.Net;
using Sluice.Domain.Rollouts;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>What is set wrong, or is down.</summary>
[Trait(Tools.Needs, Tools.Func)]
public sealed class SettingsTests(LocalAzure azure) : IClassFixture<LocalAzure>
{
    [Fact]
    public async Task A_worker_with_a_wrong_setting_says_which_and_does_not_start()
    {
        await azure.StorageStartedAsync();
        var app = azure.NewApp(new Dictionary<string, string> { ["SLUICE__Azure__AdminKey"] = "short" });
        app.Launch();

        await Eventually.Async(
            () => app.Said.Any(line => line.Contains("error: Sluice cannot start: SLUICE__Azure__AdminKey has 5 characters", StringComparison.Ordinal)),
            "the worker says what is wrong",
            Tools.StartsWithin);
        Assert.False(await app.AnswersAsync());
        await app.KillAsync();
    }

    [Fact]
    public async Task A_registry_that_is_down_is_named_and_nothing_is_lost_until_it_is_back()
    {
        await azure.StorageStartedAsync();
        await using var registry = new Azurite(Path.Combine(azure.Folder, "registry"));
        azure.App = azure.NewApp(new Dictionary<string, string>
        {
            ["SLUICE__Azure__TableConnection"] = "RegistryStorage",
            ["RegistryStorage"] = registry.ConnectionString,
        });
        await azure.App.StartAsync();
        await AssertDownAsync();

        await registry.StartAsync();
        await Eventually.AsyncOf(StatusOfHealthAsync, s => s == HttpStatusCode.OK, "it is well", TimeSpan.FromMinutes(2));
        var plan = new HostPlan("registry", azure.Folder);
        await azure.FirstReleaseAsync(plan);
        var id = await azure.BeginAsync(plan.Canary("10s"), "v2.0.0");
        await azure.WaitForAsync(id, v => v.Soak is { Looks: > 0 }, "it soaks");

        await registry.StopAsync();
        await AssertDownAsync();
        await registry.StartAsync();

        Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id, TimeSpan.FromMinutes(6))).Status.Outcome);
        Assert.Equal([10, 100], azure.WeightsOf("registry", "v2.0.0"));

        async Task AssertDownAsync()
        {
            using var answer = await azure.App.Http.GetAsync("/health/deep");
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{(int)answer.StatusCode} {text}");
            Assert.Contains("registry", text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(new Uri(registry.TableEndpoint).Authority, text, StringComparison.Ordinal);
            Assert.True(await azure.App.AnswersAsync());
        }

        async Task<HttpStatusCode> StatusOfHealthAsync()
        {
            using var answer = await azure.App.Http.GetAsync("/health/deep");
            return answer.StatusCode;
        }
    }
}
