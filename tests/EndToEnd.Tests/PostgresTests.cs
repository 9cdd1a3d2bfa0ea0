using Npgsql;
using Sluice.Domain.Rollouts;
using Sluice.KillableServer;

namespace Sluice.EndToEnd.Tests;

/// <summary>The same with the registry in PostgreSQL.</summary>
public sealed class PostgresTests
{
    [Fact]
    public async Task A_good_release_and_one_through_a_kill()
    {
        var server = Environment.GetEnvironmentVariable("SLUICE_TEST_POSTGRES");
        Assert.SkipWhen(string.IsNullOrEmpty(server), "SLUICE_TEST_POSTGRES names no PostgreSQL server.");
        if (Domain.PostgresUrl.TryParse(server!, out var keywords, out _))
        {
            server = string.Join(';', keywords.Select(k => $"{k.Key}={k.Value}"));
        }

        var schema = $"e2e_{Guid.NewGuid():N}";
        try
        {
            await using var sluice = await LocalSluice.StartAsync(new Dictionary<string, string>
            {
                ["SLUICE__Registry__ConnectionString"] = $"{server};Search Path={schema}",
            });
            await using var shop = await Shop.OpenAsync(sluice);

            var good = await shop.ReleaseAsync("v2.0.0");
            var killed = await shop.ReleaseThroughKillAsync("v3.0.0", new KillPoint(KillMoment.After, "Record", 5));

            Assert.Equal((Outcome.Promoted, Outcome.Promoted), (good.Status.Outcome, killed.Status.Outcome));
            Assert.Equal(Shop.GoodStory, good.Story);
            Assert.Equal(Shop.GoodStory, killed.Story);
            Assert.Equal(DeploymentStatus.Success, killed.Row.Status);
            Assert.False(File.Exists(Path.Combine(sluice.Data.Path, "registry.db")));
            await shop.AssertNobodyNoticedAsync();
        }
        finally
        {
            await using var connection = new NpgsqlConnection($"{server};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"DROP SCHEMA IF EXISTS \"{schema}\" CASCADE";
            await command.ExecuteNonQueryAsync();
        }
    }
}
