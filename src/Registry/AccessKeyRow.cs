using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>A row of <c>access_keys</c>.</summary>
internal sealed class AccessKeyRow
{
    public string Name { get; init; } = "";

    public string Role { get; init; } = "";

    public string Services { get; init; } = "";

    public string Sha256 { get; init; } = "";

    public long CreatedAt { get; init; }

    public static AccessKeyRow From(AccessKey key) => new()
    {
        Name = key.Name,
        Role = Stored<Role>.Name(key.Role),
        Services = Stored.Json(key.Services),
        Sha256 = key.Sha256,
        CreatedAt = Stored.Ms(key.CreatedAt),
    };

    public AccessKey ToKey() => new(Name, Stored<Role>.Value(Role), Stored.List(Services), Sha256, Stored.At(CreatedAt));
}
