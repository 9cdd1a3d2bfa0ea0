using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests;

/// <summary>A real Prometheus scrapes the gateway's counts, and the judge has its numbers from there.</summary>
public sealed class PrometheusTests
{
    [Fact]
    public async Task A_canary_that_fails_its_users_is_brought_back_by_what_Prometheus_counted()
    {
        Assert.SkipUnless(PrometheusServer.IsInstalled, "Needs Prometheus: install the package prometheus, or set SLUICE_TEST_PROMETHEUS to its program.");
        await using var sluice = await LocalSluice.StartAsync();
        await using var shop = await Shop.OpenAsync(sluice, usersPerSecond: 100);
        await using var prometheus = await PrometheusServer.StartAsync(new Uri(sluice.Url, "/metrics"), File.ReadAllText(sluice.Data.AdminKeyFile).Trim());

        var release = await shop.ReleaseAsync("v2.0.0", Plan(sluice, prometheus.Url, "fail-every=5"));

        Assert.Equal((Phase.Degraded, Outcome.RolledBack), (release.Status.Phase, release.Status.Outcome));
        Assert.Contains("errors", release.Row.RollbackReason, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Shop.BadStory, release.Story);
    }

    private static Bundle Plan(LocalSluice sluice, Uri prometheus, string fault)
    {
        var plan = ShopPlan.For(sluice, [fault], weight: 50, soak: "60s");
        const string of = """{service="{service}",environment="{environment}"}""";
        return plan with
        {
            Plan = plan.Plan.Replace(
                "{ kind: gateway }",
                $$"""
                { kind: prometheus, url: "{{prometheus}}", delay: 2s,
                  requests: 'sum by (revision) (sluice_gateway_requests_total{{of}})',
                  errors: 'sum by (revision) (sluice_gateway_errors_total{{of}})',
                  latency: 'sum by (revision, le) (sluice_gateway_request_duration_seconds_bucket{{of}})' }
                """.ReplaceLineEndings(" "),
                StringComparison.Ordinal),
        };
    }
}
