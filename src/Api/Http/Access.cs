using Sluice.Orchestration.Ports;

namespace Sluice.Api.Http;

/// <summary>What a route asks of its caller.</summary>
public enum Access
{
    /// <summary>Nothing.</summary>
    Open,

    /// <summary>Any key.</summary>
    Viewer,

    /// <summary>A deployer or an admin.</summary>
    Deployer,

    /// <summary>An approver or an admin.</summary>
    Approver,

    /// <summary>An admin.</summary>
    Admin,

    /// <summary>The system key of the Durable management routes, and no other.</summary>
    System,
}

/// <summary>Which roles satisfy which access.</summary>
public static class AccessRules
{
    /// <summary>Whether a role may use a route. A deployer never approves and an approver never deploys: two people are two keys.</summary>
    public static bool Allows(this Access access, Role role) => access switch
    {
        Access.Open or Access.Viewer => true,
        Access.Deployer => role is Role.Deployer or Role.Admin,
        Access.Approver => role is Role.Approver or Role.Admin,
        Access.Admin => role is Role.Admin,
        _ => false,
    };
}
