using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.EndToEnd.Tests;

/// <summary>The bundled service itself: its good release and one whose requests fail.</summary>
public sealed class CatalogApiTests
{
    [Fact]
    public async Task A_good_release_is_promoted_and_a_bad_one_brought_back()
    {
        await using var sluice = await LocalSluice.StartAsync();
        var first = await sluice.EndOfAsync(await sluice.BeginAsync(Plan(sluice, "0"), "v1.0.0"));
        Assert.True(first.Status.Outcome == Outcome.Promoted, first.Status.ToString());
        IReadOnlyList<Answer> answers;
        await using (var users = new Users(new Uri(sluice.UsersAddress, "/v1/models?limit=1"), perSecond: 60))
        {
            var good = await sluice.EndOfAsync(await sluice.BeginAsync(Plan(sluice, "0"), "v2.0.0"));
            Assert.True(good.Status.Outcome == Outcome.Promoted, good.Status.ToString());
            answers = await users.StopAsync();
        }

        Assert.NotEmpty(answers);
        Assert.DoesNotContain(answers, a => a.Fault is not null);
        await using (new Users(new Uri(sluice.UsersAddress, "/v1/models?limit=1"), perSecond: 60))
        {
            var bad = await sluice.EndOfAsync(await sluice.BeginAsync(Plan(sluice, "0.05"), "v3.0.0"));
            Assert.True(bad.Status.Outcome == Outcome.RolledBack, bad.Status.ToString());
        }

        var weights = sluice.Effects.Last(e => e.Kind == EffectKind.TrafficSet).Weights!;
        Assert.Equal(100, Assert.Single(weights).Value);
        Assert.StartsWith("v2.0.0", weights.Keys.Single(), StringComparison.Ordinal);
    }

    private static Bundle Plan(LocalSluice sluice, string errorRate)
    {
        var plan = ShopPlan.For(sluice, weight: 50, soak: errorRate == "0" ? "2s" : "60s");
        var own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var service = Path.GetFullPath(Path.Combine(own, "..", "..", "CatalogApi", Path.GetFileName(own), "CatalogApi.dll"));
        Assert.True(File.Exists(service), $"{service} is built with the command line.");
        return new Bundle(
            plan.Plan
                .Replace(ShopPlan.ServiceCommand, $"dotnet, \"{service}\"", StringComparison.Ordinal)
                .Replace($"127.0.0.1:{sluice.Port}\"", $"127.0.0.1:{sluice.Port}\", trustedProxies: [127.0.0.1]", StringComparison.Ordinal),
            new Dictionary<string, string>
            {
                ["smoke.yaml"] = plan.Files["smoke.yaml"],
                ["environment.production.yaml"] = $$"""
                    variables:
                      DATA_DIR: { required: true, format: text, value: "{{Path.Combine(sluice.Folder, "catalogue")}}" }
                      FAULT_ERROR_RATE: { required: true, format: text, value: "{{errorRate}}" }
                    """,
            });
    }
}
