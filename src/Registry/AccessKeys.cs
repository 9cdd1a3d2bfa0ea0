using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>Who may call, in <c>access_keys</c>.</summary>
internal sealed class AccessKeys(Database database) : IAccessKeys
{
    private readonly string _select = $"""
        SELECT name AS Name, role AS Role, CAST(services AS text) AS Services, sha256 AS Sha256,
               {database.Dialect.FromInstant("created_at")} AS CreatedAt
        FROM access_keys
        """;

    public async Task<bool> AddAsync(AccessKey key, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            $"""
            INSERT INTO access_keys (name, role, services, sha256, created_at)
            VALUES (@Name, @Role, {database.Dialect.ToJson("@Services")}, @Sha256, {database.Dialect.ToInstant("@CreatedAt")})
            ON CONFLICT DO NOTHING
            """,
            AccessKeyRow.From(key),
            cancellationToken) == 1;

    public async Task<AccessKey?> FindAsync(string sha256, CancellationToken cancellationToken) =>
        (await database.FindAsync<AccessKeyRow>($"{_select} WHERE sha256 = @sha256", new { sha256 }, cancellationToken))?.ToKey();

    public async Task<IReadOnlyList<AccessKey>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync<AccessKeyRow>($"{_select} ORDER BY name", null, cancellationToken)).Select(r => r.ToKey())];

    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) =>
        await database.ExecuteAsync("DELETE FROM access_keys WHERE name = @name", new { name }, cancellationToken) == 1;
}
