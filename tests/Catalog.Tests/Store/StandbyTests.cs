using Npgsql;
using Sluice.Catalog.Store;
using Sluice.Testing;

namespace Sluice.Catalog.Tests.Store;

/// <summary>The catalogue on a PostgreSQL that has a standby: how far it is behind is told on either side, and a reader may use it.</summary>
public sealed class StandbyTests
{
    [Fact]
    public async Task A_standby_that_falls_behind_is_seen_from_both_sides_and_again_when_it_has_caught_up()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var primary = await CatalogStore.OpenAsync(server.Address, default);
        await primary.SaveAsync([Offers.Of("p/a")], default);
        await using var following = await server.FollowAsync();
        await using var standby = await CatalogStore.OpenAsync(following.Address, default);

        var beside = await Eventually.AsyncOf(() => primary.CheckAsync(default), s => s.Replicas == 1, "the standby receives");
        Assert.Equal((1L, 1L), (beside.Offers, (await standby.CheckAsync(default)).Offers));
        Assert.Equal((null, TimeSpan.Zero), ((await standby.CheckAsync(default)).Replicas, (await standby.CheckAsync(default)).ReplicationLag));

        await ExecuteAsync(following, "SELECT pg_wal_replay_pause()");
        await primary.SaveAsync([Offers.Of("p/b")], default);
        var late = await Eventually.AsyncOf(() => primary.CheckAsync(default), s => s.ReplicationLag > TimeSpan.FromMilliseconds(500), "the primary knows that it is behind");
        var behind = await Eventually.AsyncOf(() => standby.CheckAsync(default), s => s.ReplicationLag > TimeSpan.FromMilliseconds(500), "the standby knows it as well");
        Assert.Equal((2L, 1L), (late.Offers, behind.Offers));

        await ExecuteAsync(following, "SELECT pg_wal_replay_resume()");
        await Eventually.AsyncOf(() => standby.CheckAsync(default), s => s is { Offers: 2, ReplicationLag: { Ticks: 0 } }, "it has caught up");
    }

    private static async Task ExecuteAsync(OwnPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.Address.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
