using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Sluice.Api.Http;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Keys;

/// <summary>Who may call, and who did what.</summary>
internal static partial class KeyRoutes
{
    public static IEnumerable<Route> All =>
    [
        new("GET", "api/keys", Access.Admin, ListAsync),
        new("POST", "api/keys", Access.Admin, AddAsync) { Action = "key.add" },
        new("DELETE", "api/keys/{name}", Access.Admin, RemoveAsync) { Action = "key.remove" },
        new("GET", "api/audit", Access.Admin, ListAuditAsync),
        new("GET", "api/audit/verify", Access.Admin, VerifyAuditAsync),
    ];

    private static async Task<IResult> ListAsync(Call call, CancellationToken cancellationToken)
    {
        var keys = await call.Service<IAccessKeys>().ListAsync(cancellationToken);
        return TypedResults.Json(new Page<KeyView>([.. keys.Select(KeyView.Of)], null), ApiJson.Options);
    }

    private static async Task<IResult> AddAsync(Call call, CancellationToken cancellationToken)
    {
        var body = await call.ReadBodyAsync<AddKey>(cancellationToken);
        (call.Subject, call.Detail) = (body.Name, body.Role.ToString());
        var services = body.Services ?? [];
        var faults = new List<PlanFault>();
        if (!NamePattern().IsMatch(body.Name))
        {
            faults.Add(new PlanFault("bad-name", "name", 0, 0, "A key's name has 1 to 64 lower-case letters, digits, '.', '_' or '-', and starts with a letter."));
        }

        if (services.Any(s => !NamePattern().IsMatch(s)))
        {
            faults.Add(new PlanFault("bad-name", "services", 0, 0, "Services are named as in their plans."));
        }

        if (faults.Count > 0)
        {
            throw new ProblemException(Problem.BadRequest(faults));
        }

        var text = KeyText.Create();
        var key = new AccessKey(body.Name, body.Role, services, KeyText.Hash(text), call.Service<TimeProvider>().GetUtcNow());
        if (!await call.Service<IAccessKeys>().AddAsync(key, cancellationToken))
        {
            throw new ProblemException(Problem.Conflict("name-taken", $"There is a key '{body.Name}' already. Remove it first, or choose another name."));
        }

        return TypedResults.Json(new KeyAdded(key.Name, key.Role, key.Services, text, key.CreatedAt), ApiJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RemoveAsync(Call call, CancellationToken cancellationToken)
    {
        var name = call.Value("name");
        var keys = call.Service<IAccessKeys>();
        var known = await keys.ListAsync(cancellationToken);
        if (known.All(k => k.Role != Role.Admin || k.Name == name) && known.Any(k => k.Name == name))
        {
            throw new ProblemException(Problem.Conflict("last-admin", $"'{name}' is the last key with the role Admin; nobody could add another."));
        }

        return await keys.RemoveAsync(name, cancellationToken)
            ? TypedResults.NoContent()
            : throw new ProblemException(Problem.NotFound($"There is no key '{name}'."));
    }

    private static async Task<IResult> ListAuditAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var (limit, cursor) = (query.Integer("limit", 100, 1, 1000), query.Text("cursor"));
        query.ThrowIfFaulty();
        return TypedResults.Json(await call.Service<IEventLog>().ListAuditAsync(limit, cursor, cancellationToken), ApiJson.Options);
    }

    private static async Task<IResult> VerifyAuditAsync(Call call, CancellationToken cancellationToken)
    {
        var broken = await call.Service<IEventLog>().VerifyAuditAsync(cancellationToken);
        return TypedResults.Json(new AuditVerification(broken is null, broken), ApiJson.Options);
    }

    [GeneratedRegex("^[a-z][a-z0-9._-]{0,63}$", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}

/// <summary>Body of <c>POST /api/keys</c>.</summary>
/// <param name="Name">The actor's name in every record.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Services">Which services; none for all.</param>
public sealed record AddKey(string Name, Role Role, IReadOnlyList<string>? Services = null);

/// <summary>A new key; the only time its text is seen.</summary>
public sealed record KeyAdded(string Name, Role Role, IReadOnlyList<string> Services, string Key, DateTimeOffset CreatedAt);

/// <summary>A key as lists show it.</summary>
public sealed record KeyView(string Name, Role Role, IReadOnlyList<string> Services, DateTimeOffset CreatedAt)
{
    internal static KeyView Of(AccessKey key) => new(key.Name, key.Role, key.Services, key.CreatedAt);
}

/// <summary>Whether the audit trail's chain holds.</summary>
/// <param name="Holds">True when every entry follows from the one before.</param>
/// <param name="FirstBroken">Number of the first that does not; null when all do.</param>
public sealed record AuditVerification(bool Holds, long? FirstBroken);
